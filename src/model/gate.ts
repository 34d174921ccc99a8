// May this section be sent, held and shown now? A question of the clock and of
// all that is known, apart from whether a step happened: the fold answers that.
import { type SectionName, STAGES } from './codes.ts';
import {
  type GrantAnswer,
  MEETING_SECTIONS,
  mayTravel,
  type PlacedGrant,
  withdraws,
} from './consent.ts';
import { cutOff } from './cut-off.ts';
import { limits } from './limits.ts';
import { placedGrants } from './prefix.ts';
import type { ReferralState } from './referral.ts';
import { messageOf, precedingForks, type Thread } from './thread.ts';

/** All that is known of a referral. */
export type Known = { thread: Thread; state: ReferralState };

export type GateQuestion = { section: SectionName; recipient: string; nowSeconds: number };

/**
 * The one gate: every way out, in and onto a screen asks it. 'granted' only while a grant
 * covers the section, has not ended and was not withdrawn; and for whoever is on the way
 * what the meeting needs stays open until a day after the arrival, past its end or a fork.
 */
export function gate(known: Known, question: GateQuestion): GrantAnswer {
  const { state } = known;
  const { section, recipient, nowSeconds } = question;
  const asked = { section, recipient, stages: STAGES };
  const answer = mayTravel({ ...asked, atSeconds: nowSeconds }, state.grants, state.withdrawals);
  if (answer === 'granted' || !MEETING_SECTIONS.includes(section)) return answer;
  if (!isMeetingAhead(known, nowSeconds)) return answer;
  const grants = [...state.grants, ...grantsBehindForks(known, section)];
  const ever = mayTravel({ ...asked, atSeconds: 0 }, grants, state.withdrawals);
  return ever === 'granted' ? 'granted' : answer;
}

export type Parted = {
  /** What may pass, in the order given. */
  passes: SectionName[];
  /** What may not, each with why. */
  stays: { section: SectionName; why: Exclude<GrantAnswer, 'granted'> }[];
};

/** The gate for all that is there: exactly what may be sent, held or shown. */
export function throughGate(
  known: Known,
  { recipient, nowSeconds }: Omit<GateQuestion, 'section'>,
  present: readonly SectionName[],
): Parted {
  const parted: Parted = { passes: [], stays: [] };
  for (const section of present) {
    const why = gate(known, { section, recipient, nowSeconds });
    if (why === 'granted') parted.passes.push(section);
    else parted.stays.push({ section, why });
  }
  return parted;
}

/** From the departure until a day after the arrival. */
function isMeetingAhead({ thread, state }: Known, nowSeconds: number): boolean {
  const { status } = state;
  if (status === 'travelling' || status === 'not-arrived') return true;
  // A fork undoes what was said, and not that somebody is on the way.
  if (status === 'interrupted') return state.travellingWithoutReceiver;
  if (state.referring.departures === 0) return false;
  const arrivals = thread.receiving.filter(
    ({ content }, index) =>
      content?.body.step === 'arrived' && state.verdicts.receiving[index]?.verdict === 'counts',
  );
  const arrivedAt = arrivals.at(-1)?.envelope.sentAt;
  const isMet = ['arrived', 'handing-over', 'in-care'].includes(status);
  return isMet && arrivedAt !== undefined && nowSeconds < arrivedAt + limits.meetingSecondsAfter;
}

/** In either branch; none where anything was taken back. */
function grantsBehindForks({ thread, state }: Known, section: SectionName): PlacedGrant[] {
  if (thread.forks.length === 0) return [];
  if (state.withdrawals.some(({ body }) => withdraws(body, section))) return [];
  return cutOff(thread, precedingForks(thread)).flatMap(({ side, entry }) => {
    const message = messageOf(entry);
    return message ? placedGrants(side, message) : [];
  });
}
