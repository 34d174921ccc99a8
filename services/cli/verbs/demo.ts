// srx demo: a whole federation on this machine, and one referral through it.
import { Refusal } from '#model/refusal.ts';

import { Ended, EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Verb } from '../verb.ts';

/** deploy/demo/main.ts: only what it holds can move a clock, and nothing else imports it. */
export type Demo = (options: {
  once: boolean;
  json: boolean;
  noColor: boolean;
  io: Io;
}) => Promise<ExitCode>;

export const demo: Verb = {
  noun: '',
  name: 'demo',
  summary:
    'brings up a registry and two nodes here and walks one invented referral through; exit code 1 when anything shown does not hold; NDJSON with --json',
  examples: ['srx demo', 'srx demo --once', 'srx demo --once --json > demo.ndjson'],
  options: { once: { help: 'end after the story; without it everything stays up' } },
  handlesSignal: true,
  async run({ flags, io }) {
    const exitCode = await (await load())({
      once: flags.isSet('once'),
      json: flags.isSet('json'),
      noColor: flags.isSet('no-color'),
      io,
    });
    if (exitCode !== EXIT.ok) throw new Ended(exitCode);
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
