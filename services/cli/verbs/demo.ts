// srx demo: a whole federation on this machine, and one referral through it.
import { Refusal } from '#model/refusal.ts';

import { Ended, EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Verb } from '../verb.ts';

export type Demo = (options: { once: boolean; json: boolean; io: Io }) => Promise<void>;

export const demo: Verb = {
  noun: '',
  name: 'demo',
  summary: 'brings up a registry and two nodes here and walks one invented referral through',
  examples: ['srx demo', 'srx demo --once'],
  options: { once: { help: 'end after the story; without it everything stays up' } },
  handlesSignal: true,
  async run(call) {
    const { flags, io } = call;
    await (await load())({ once: flags.isSet('once'), json: flags.isSet('json'), io });
    if (io.signal.aborted && flags.isSet('once')) throw new Ended(EXIT.interrupted);
  },
};

async function load(): Promise<Demo> {
  const file = new URL('../../../deploy/demo/main.ts', import.meta.url);
  try {
    const { demo: run } = (await import(file.href)) as { demo: Demo };
    return run;
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause;
    if (!isMissing || cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Refusal('BAD_CONFIG', 'The demo is not part of this installation: see deploy/demo.', {
      cause,
    });
  }
}
