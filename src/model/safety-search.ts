// When nobody hears from a person any more, how to reach them and what could kill
// them stays usable past the end of the yes; never past a withdrawal.
import { type SectionName, STAGES } from './codes.ts';
import { mayTravel } from './consent.ts';
import { isTerminal } from './crossing.ts';
import type { GateQuestion } from './gate.ts';
import { limits } from './limits.ts';
import type { ReferralState } from './referral.ts';

const SEARCHED: readonly SectionName[] = ['contact', 'danger'];

/** Of a section whose consent has ended: until the referral is closed, at most 90 days after. */
export function mayBeSearched(
  { status, grants, withdrawals }: ReferralState,
  { section, recipient, nowSeconds }: GateQuestion,
): boolean {
  if (!SEARCHED.includes(section) || isTerminal(status)) return false;
  const atSeconds = nowSeconds - limits.safetySearchSeconds;
  const question = { section, recipient, stages: STAGES, atSeconds };
  return mayTravel(question, grants, withdrawals) === 'granted';
}
