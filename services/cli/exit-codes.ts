// The exit code of every outcome, in one table: scripts decide by it.
import { Refusal, type RefusalCode } from '#model/refusal.ts';

import { UsageError } from './usage-error.ts';

export const EXIT = {
  ok: 0,
  failure: 1,
  wrongUse: 2,
  notFound: 3,
  refused: 4,
  notTrusted: 5,
  conflict: 6,
  unreachable: 7,
  timedOut: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'failed; the message says why',
  2: 'wrong use of the command',
  3: 'not found',
  4: 'refused: by the state, by consent or by a role',
  5: 'a signature, a key or an identity does not hold',
  6: 'conflict with what is there',
  7: 'not reachable now; the same again is safe',
  8: 'no answer in time; the same again is safe',
  130: 'interrupted',
};

const EXIT_OF: Readonly<Record<RefusalCode, ExitCode>> = {
  MALFORMED: EXIT.failure,
  SCHEMA_VIOLATION: EXIT.failure,
  UNSUPPORTED_VERSION: EXIT.failure,
  TOO_LARGE: EXIT.failure,
  CLOCK_OFF: EXIT.failure,
  KEY_UNAVAILABLE: EXIT.failure,
  BAD_CONFIG: EXIT.failure,
  NOT_FOUND: EXIT.notFound,
  NOT_PERMITTED: EXIT.refused,
  ILLEGAL_STEP: EXIT.refused,
  NOT_CONSENTED: EXIT.refused,
  CONSENT_WITHDRAWN: EXIT.refused,
  CONSENT_EXPIRED: EXIT.refused,
  GATE_OPEN_ITEMS: EXIT.refused,
  SECOND_PERSON_NEEDED: EXIT.refused,
  ALG_NOT_ALLOWED: EXIT.notTrusted,
  UNAUTHENTICATED: EXIT.notTrusted,
  NOT_A_MEMBER: EXIT.notTrusted,
  AUDIENCE_MISMATCH: EXIT.notTrusted,
  TRUST_FAILED: EXIT.notTrusted,
  CHAIN_FORK: EXIT.conflict,
  CONFLICT: EXIT.conflict,
  ENCRYPTION_KEY_RETIRED: EXIT.unreachable,
  SYNC_FIRST: EXIT.unreachable,
  RATE_LIMITED: EXIT.unreachable,
  UNAVAILABLE: EXIT.unreachable,
  TIMED_OUT: EXIT.timedOut,
};

/** A command that has said all that there is to say ends with this. */
export class Ended extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

export function exitCodeOf(cause: unknown): ExitCode {
  if (cause instanceof Ended) return cause.exitCode;
  if (cause instanceof UsageError) return EXIT.wrongUse;
  if (cause instanceof Refusal) return EXIT_OF[cause.code];
  return EXIT.failure;
}
