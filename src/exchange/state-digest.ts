// One value for the whole folded state: equal at both nodes and for an auditor,
// if and only if they folded the same chains by the same rules.
import { sha256 } from '#crypto/digest.ts';
import type { ReferralState, Verdict } from '#model/referral.ts';

/**
 * SHA-256, hex, over the state as JSON with its names in order. Reasons of
 * verdicts stay out: they are words for a screen, and a release may mend them.
 */
export function stateDigest(state: ReferralState): string {
  const bare = (verdicts: readonly Verdict[]) => verdicts.map(({ verdict }) => verdict);
  const { referring, receiving } = state.verdicts;
  const verdicts = { referring: bare(referring), receiving: bare(receiving) };
  const digest = sha256(JSON.stringify(ordered({ ...state, verdicts })));
  return Buffer.from(digest, 'base64url').toString('hex');
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, ordered(item)]));
}
