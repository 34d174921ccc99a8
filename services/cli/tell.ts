// How a command says that it did not go well: what, and what to do. Nothing of a
// stranger's error is repeated, because it may quote content.
import { Refusal } from '#model/refusal.ts';

import { Ended } from './exit-codes.ts';
import { FaultyFile, faultLines } from './faulty-file.ts';
import type { Io } from './io.ts';
import { block } from './text.ts';
import { UsageError } from './usage-error.ts';

export function tell(cause: unknown, argv: readonly string[], io: Io): void {
  if (cause instanceof Ended) return;
  const isJson = argv.includes('--json');
  if (cause instanceof FaultyFile) return tellFaults(cause, isJson, io);
  const { code, message } = wordsFor(cause);
  if (isJson) {
    io.stderr(`${JSON.stringify({ error: { code, message } })}\n`);
    return;
  }
  const tail = cause instanceof Refusal ? ` (${code})` : '';
  io.stderr(`${block(`srx: ${message}${tail}`, '', '  ').join('\n')}\n`);
}

function wordsFor(cause: unknown): { code: string; message: string } {
  if (cause instanceof Refusal) return { code: cause.code, message: inOwnWords(cause.message) };
  if (cause instanceof UsageError) return { code: 'WRONG_USE', message: cause.message };
  const refused = systemCodeOf(cause);
  if (refused !== undefined) {
    const message = `The system refused a file (${refused}): check free space, owner and rights of the folder.`;
    return { code: 'SYSTEM', message };
  }
  const kind = cause instanceof Error ? cause.constructor.name : typeof cause;
  const message = `An error inside srx (${kind}). Nothing of the case is shown here; please report it.`;
  return { code: 'INTERNAL', message };
}

/** Such as ENOSPC, of a call on a file. */
function systemCodeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || !('path' in cause)) return undefined;
  return /^E[A-Z]{2,12}$/.test(String(cause.code)) ? String(cause.code) : undefined;
}

function tellFaults({ file, faults, message }: FaultyFile, isJson: boolean, io: Io): void {
  if (isJson) {
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
