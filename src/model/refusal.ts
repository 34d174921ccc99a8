// The one expected error. Its code is from a closed set and its message is
// safe to show and to log: ids and codes, never content.

export const REFUSAL_CODES = [
  // What came is not well formed
  'MALFORMED',
  'SCHEMA_VIOLATION',
  'UNSUPPORTED_VERSION',
  'ALG_NOT_ALLOWED',
  // Who sent it
  'UNAUTHENTICATED',
  'NOT_A_MEMBER',
  'AUDIENCE_MISMATCH',
  'NOT_PERMITTED',
  // The state does not allow it
  'ILLEGAL_STEP',
  'ENCRYPTION_KEY_RETIRED',
  'SYNC_FIRST',
  'NOT_CONSENTED',
  'CONSENT_WITHDRAWN',
  'CONSENT_EXPIRED',
  'GATE_OPEN_ITEMS',
  'SECOND_PERSON_NEEDED',
  'CLOCK_OFF',
  'CHAIN_FORK',
  'CONFLICT',
  // The rest
  'NOT_FOUND',
  'TRUST_FAILED',
  'KEY_UNAVAILABLE',
  'RATE_LIMITED',
  'TOO_LARGE',
  'UNAVAILABLE',
  'TIMED_OUT',
  'BAD_CONFIG',
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** The same answer for an unknown peer, an unknown key and a bad signature. */
export function unauthenticated(cause?: unknown): Refusal {
  return new Refusal('UNAUTHENTICATED', 'This message or its sender could not be verified.', {
    cause,
  });
}
