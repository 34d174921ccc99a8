// Why a statement or chain is not believed: one word for programs and logs, one
// sentence for people. Both are safe to show: no value of a claim is repeated.
import { Refusal } from '#model/refusal.ts';

export const TRUST_REASONS = [
  'chain-length',
  'header',
  'claims',
  'claim-not-implemented',
  'claim-misplaced',
  'crit',
  'keys',
  'kind',
  'subject',
  'link',
  'loop',
  'not-yet-valid',
  'expired',
  'life',
  'anchor',
  'anchor-key',
  'key-not-named',
  'signature',
  'authority-hints',
  'constraint-not-implemented',
  'max-path-length',
  'naming-constraints',
  'entity-type',
  'operator-not-implemented',
  'policy-crit',
  'policy',
  'policy-violated',
  'metadata',
  'key-claimed',
  'encryption-key',
  'resolve-response',
] as const;

export type TrustReason = (typeof TRUST_REASONS)[number];

export class TrustFailure extends Refusal {
  readonly reason: TrustReason;

  constructor(reason: TrustReason, message: string, options?: { cause?: unknown }) {
    super('TRUST_FAILED', `${message} (${reason})`, options);
    this.reason = reason;
  }
}

/** A name that a stranger chose, fit for a message and a log: no more than a word. */
export function safeName(name: string): string {
  return /^[A-Za-z0-9_.:#-]{1,64}$/.test(name) ? name : '(unreadable name)';
}

/** What a log may say of an error: codes, never its text. */
export function codesOf(cause: unknown): { code: string; reason?: string } {
  if (cause instanceof TrustFailure) return { code: cause.code, reason: cause.reason };
  return { code: cause instanceof Refusal ? cause.code : 'INTERNAL' };
}
