// May this section be sent, held and shown now? A question of the clock and of
// all that is known, apart from whether a step happened: the fold answers that.
import { type SectionName, STAGES } from './codes.ts';
import { type GrantAnswer, mayTravel } from './consent.ts';
import type { ReferralState } from './referral.ts';

export type GateQuestion = { section: SectionName; recipient: string; nowSeconds: number };

/** 'granted' only while a grant covers it, has not ended and was not withdrawn. */
export function gate(state: ReferralState, question: GateQuestion): GrantAnswer {
  const { section, recipient, nowSeconds } = question;
  return mayTravel(
    { section, recipient, stages: STAGES, atSeconds: nowSeconds },
    state.grants,
    state.withdrawals,
  );
}
