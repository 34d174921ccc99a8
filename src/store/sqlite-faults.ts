// What SQLite's error numbers (sqlite.org/rescode.html) mean to whoever runs
// the node. The text of SQLite stays in the cause.
import { Refusal } from '#model/refusal.ts';

const CODES = {
  permission: 3,
  busy: 5,
  locked: 6,
  readonly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const AT_WORK: Readonly<Record<number, string>> = {
  [CODES.busy]: 'Another program keeps the database locked; try again, and end that program.',
  [CODES.locked]: 'Another program keeps the database locked; try again, and end that program.',
  [CODES.readonly]: 'The database file is read-only; give it to the user of the node.',
  [CODES.io]: 'The disk of the database does not take or give data; check it and its free space.',
  [CODES.corrupt]: 'The database file is damaged; stop the node and restore a backup.',
  [CODES.full]: 'The disk of the database is full; free some space, nothing was written.',
  [CODES.cannotOpen]: 'The database file is gone or cannot be opened; check its folder.',
  [CODES.notADatabase]: 'The database file is damaged; stop the node and restore a backup.',
};

const AT_START: Readonly<Record<number, string>> = {
  [CODES.permission]:
    'The database file cannot be read or written: give it to the user of the node.',
  [CODES.readonly]:
    'The database file or its folder is read-only: give both to the user of the node.',
  [CODES.cannotOpen]:
    'The database file cannot be opened: its folder must exist and be writable for the user of the node.',
  [CODES.notADatabase]:
    'The database file is not an SQLite database: name another file, or restore a backup.',
};

/** UNAVAILABLE with the remedy for a fault of the file or the disk; anything else as it is. */
export function refusalAtWork(error: unknown): unknown {
  const message = AT_WORK[codeOf(error)];
  return message === undefined ? error : new Refusal('UNAVAILABLE', message, { cause: error });
}

/** BAD_CONFIG with the remedy. */
export function refusalAtStart(error: unknown): unknown {
  const cause = error instanceof Refusal && error.code === 'UNAVAILABLE' ? error.cause : error;
  const code = codeOf(cause);
  const message = AT_START[code] ?? AT_WORK[code];
  return message === undefined ? error : new Refusal('BAD_CONFIG', message, { cause });
}

export function isBusy(error: unknown): boolean {
  return codeOf(error) === CODES.busy;
}

function codeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error)) return 0;
  // The low byte is the primary code of an extended one.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
}
