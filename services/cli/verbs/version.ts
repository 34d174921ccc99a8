// srx version: of the program, the rules and Node.
import { limits } from '#model/limits.ts';
import { VERSION } from '#services/node/version.ts';

import type { Verb } from '../verb.ts';

export const version: Verb = {
  noun: '',
  name: 'version',
  summary: 'says the versions of srx, of its rules and of Node',
  examples: ['srx version', 'srx version --json'],
  async run({ out }) {
    const versions = { srx: VERSION, rules: limits.rulesVersion, node: process.versions.node };
    out.answer(versions, [`srx ${VERSION}, rules ${limits.rulesVersion}, Node ${versions.node}`]);
  },
};
