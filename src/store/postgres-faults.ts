// What PostgreSQL's error codes (its manual, appendix A) mean to whoever runs
// the node. The text of the server stays in the cause.
import { Refusal } from '#model/refusal.ts';

/** serialization_failure, deadlock_detected: the same job may well succeed. */
const AGAIN: ReadonlySet<string> = new Set(['40001', '40P01']);

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
]);

const AT_START: Readonly<Record<string, string>> = {
  '28P01': 'PostgreSQL does not take the password of the database URL.',
  '28000':
    'PostgreSQL does not let this user in: check the user of the database URL and pg_hba.conf.',
  '3D000': 'There is no such database on the PostgreSQL server: create it first (createdb).',
  '42501': 'The user of the database URL may not create tables: make it the owner of the database.',
  '53300':
    'PostgreSQL has no connection left for the node: raise max_connections, or the limit of the user of the database URL.',
  '55P03': 'Another program keeps the tables of the database locked; start the node again later.',
  '42P07': 'The database holds tables of another program: give this node a database of its own.',
};

export function isWorthAnotherTry(error: unknown): boolean {
  return AGAIN.has(codeOf(error));
}

/** UNAVAILABLE for a server that is away, too busy, or has no room; anything else as it is. */
export function refusalAtWork(error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const code = codeOf(error);
  // 08 connection, 53 resources, 57 stopped by the operator, 55P03 lock not available
  const isPassing = /^(08|53|57)/.test(code) || code === '55P03' || AGAIN.has(code);
  if (!isPassing && !UNREACHABLE.has(code) && !isConnectionLost(error)) return error;
  return new Refusal('UNAVAILABLE', 'PostgreSQL cannot be used just now; try again later.', {
    cause: error,
  });
}

/** BAD_CONFIG with the remedy. */
export function refusalAtStart(error: unknown): unknown {
  if (error instanceof Refusal && error.code !== 'UNAVAILABLE') return error;
  const cause = error instanceof Refusal ? error.cause : error;
  const message = isPasswordMissing(cause) ? NO_PASSWORD : AT_START[codeOf(cause)];
  if (message !== undefined) return new Refusal('BAD_CONFIG', message, { cause });
  if (!(refusalAtWork(cause) instanceof Refusal)) return error;
  return new Refusal(
    'BAD_CONFIG',
    'PostgreSQL does not answer at the host and port of the database URL: start it, or correct the URL.',
    { cause },
  );
}

const NO_PASSWORD =
  'PostgreSQL asks for a password: write it into a file of mode 0600 and name that in databasePasswordFile.';

// pg says these without a code.
function isPasswordMissing(error: unknown): boolean {
  return error instanceof Error && /^SASL: .* password must be /.test(error.message);
}

function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded|Client has encountered a connection error|Query read timeout)/.test(
      error.message,
    )
  );
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (!(error instanceof Error) || !('code' in error)) return '';
  return String(error.code);
}
