// One command, from its words to its exit code. Callable in a process of any
// kind: all that it touches comes by `io`.
import { readEnvironment } from '#services/node/environment.ts';

import { readArguments, refuseUnknown } from './arguments.ts';
import { Ended, EXIT, exitCodeOf } from './exit-codes.ts';
import type { Flags } from './flags.ts';
import { helpText } from './help.ts';
import type { Io } from './io.ts';
import { createOutput, type Output } from './output.ts';
import { tell } from './tell.ts';
import { UsageError } from './usage-error.ts';
import type { Call, Verb } from './verb.ts';
import { VERBS } from './verbs.ts';

/** @returns the exit code, one of exit-codes.ts */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const asked = readArguments(argv, VERBS);
    if (asked.kind === 'help') {
      refuseUnknown(asked.topic, VERBS);
      const text = helpText(asked.topic, VERBS);
      (asked.isWrong ? io.stderr : io.stdout)(text);
      return asked.isWrong ? EXIT.wrongUse : EXIT.ok;
    }
    const { verb, operands, flags } = asked;
    const env = readEnvironment(io.env);
    await runVerb(verb, { operands, flags, out: outputOf(flags, io), io, env });
    return EXIT.ok;
  } catch (cause) {
    tell(cause, argv, io);
    return exitCodeOf(cause);
  }
}

function outputOf(flags: Flags, io: Io): Output {
  const [json, plain] = [flags.isSet('json'), flags.isSet('plain')];
  if (json && plain) throw new UsageError('Either --json or --plain, not both.');
  return createOutput(io, { json, plain, noColor: flags.isSet('no-color') });
}

async function runVerb(verb: Verb, call: Call): Promise<void> {
  if (verb.handlesSignal) return verb.run(call);
  const { signal } = call.io;
  const interrupted = Promise.withResolvers<never>();
  const onAbort = () => interrupted.reject(new Ended(EXIT.interrupted));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await Promise.race([verb.run(call), interrupted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
