// One command, from its words to its exit code. Callable in a process of any
// kind: all that it touches comes by `io`.
import { Refusal } from '#model/refusal.ts';
import { readEnvironment } from '#services/node/environment.ts';

import { readArguments, refuseUnknown } from './arguments.ts';
import { Ended, EXIT, exitCodeOf } from './exit-codes.ts';
import { FaultyFile, faultLines } from './faulty-file.ts';
import type { Flags } from './flags.ts';
import { helpText } from './help.ts';
import type { Io } from './io.ts';
import { createOutput, type Output } from './output.ts';
import { block } from './text.ts';
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

function tell(cause: unknown, argv: readonly string[], io: Io): void {
  if (cause instanceof Ended) return;
  if (cause instanceof FaultyFile) return tellFaults(cause, argv, io);
  const isExpected = cause instanceof Refusal || cause instanceof UsageError;
  // A stranger's error may quote content; its kind is all that is said of it.
  const kind = cause instanceof Error ? cause.constructor.name : typeof cause;
  const message = isExpected
    ? inOwnWords(cause.message)
    : `An error inside srx (${kind}). Nothing of the case is shown here; please report it.`;
  const code = cause instanceof Refusal ? cause.code : isExpected ? 'WRONG_USE' : 'INTERNAL';
  if (argv.includes('--json')) {
    io.stderr(`${JSON.stringify({ error: { code, message } })}\n`);
    return;
  }
  const tail = cause instanceof Refusal ? ` (${code})` : '';
  io.stderr(`${block(`srx: ${message}${tail}`, '', '  ').join('\n')}\n`);
}

function tellFaults({ file, faults, message }: FaultyFile, argv: readonly string[], io: Io): void {
  if (argv.includes('--json')) {
    io.stderr(`${JSON.stringify({ error: { code: 'SCHEMA_VIOLATION', message, faults } })}\n`);
    return;
  }
  const [first = '', ...more] = faultLines(file, faults);
  io.stderr(`${[`srx: ${first}`, ...more, 'Nothing was sent.'].join('\n')}\n`);
}

/** The node names fields of its API; a person typed operands and flags. */
const FIELDS: Readonly<Record<string, string>> = {
  referral_id: 'ID',
  staff_id: 'ID',
  local_code: 'CODE',
  recipient: '--to',
  continues_referral_id: '--continues',
  request_id: '--request-id',
  after_event_id: '--after',
};

function inOwnWords(message: string): string {
  const field = /^([a-z_]+): /.exec(message)?.[1] ?? '';
  const name = FIELDS[field];
  return name === undefined ? message : name + message.slice(field.length);
}
