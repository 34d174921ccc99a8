// Which grants live, and what they cover. A withdrawal ends every grant for its
// sections in any message that had not seen it.
import { isPersonal, type SectionName, type Stage } from './codes.ts';
import type { Grant, StepBody } from './message.ts';
import type { Side } from './track.ts';

/** A grant, and where it stands. */
export type PlacedGrant = {
  grant: Grant;
  side: Side;
  seq: number;
  /** What its author had seen of the other chain. */
  seenSeq: number;
  /** The two organisations, to know whom it serves. */
  author: string;
};

/** A withdrawal, and where it stands. */
export type PlacedWithdrawal = {
  side: Side;
  seq: number;
  messageId: string;
  body: StepBody<'consentWithdrawn'>;
};

/** What stays usable while a person who withdrew still wants to be met. */
export const MEETING_SECTIONS: readonly SectionName[] = ['contact', 'danger', 'arrival'];

/** A whole withdrawal with the wish to be met is a partial one. */
export function isWhole(body: StepBody<'consentWithdrawn'>): boolean {
  return body.whole && body.meetingWish !== 'yes';
}

export function withdraws(body: StepBody<'consentWithdrawn'>, section: SectionName): boolean {
  if (body.whole) return isWhole(body) || !MEETING_SECTIONS.includes(section);
  return body.sections.includes(section);
}

/** Whether the grant was given by somebody who knew of the withdrawal: it takes it back. */
export function hadSeen(grant: PlacedGrant, withdrawal: PlacedWithdrawal): boolean {
  return grant.side === withdrawal.side
    ? grant.seq > withdrawal.seq
    : grant.seenSeq >= withdrawal.seq;
}

function isWithdrawn(
  grant: PlacedGrant,
  section: SectionName,
  withdrawals: readonly PlacedWithdrawal[],
): boolean {
  return withdrawals.some((w) => withdraws(w.body, section) && !hadSeen(grant, w));
}

export type GrantQuestion = {
  section: SectionName;
  recipient: string;
  stages: readonly Stage[];
  atSeconds: number;
};

export type GrantAnswer = 'granted' | 'not-granted' | 'withdrawn' | 'ended';

/**
 * Whether a section may go to the recipient at a time. Working sections need
 * no grant. The receiving organisation can never widen what the referring one
 * may send: its grants serve the way back only.
 */
export function mayTravel(
  question: GrantQuestion,
  grants: readonly PlacedGrant[],
  withdrawals: readonly PlacedWithdrawal[],
): GrantAnswer {
  if (!isPersonal(question.section)) return 'granted';
  let best: GrantAnswer = 'not-granted';
  for (const placed of grants) {
    if (!covers(placed, question)) continue;
    if (isWithdrawn(placed, question.section, withdrawals)) best = 'withdrawn';
    else if (placed.grant.until < question.atSeconds) best = best === 'withdrawn' ? best : 'ended';
    else return 'granted';
  }
  return best;
}

function covers(placed: PlacedGrant, question: GrantQuestion): boolean {
  const { grant } = placed;
  return (
    grant.recipient === question.recipient &&
    grant.sections.includes(question.section) &&
    question.stages.includes(grant.stage) &&
    (placed.side === 'referring' || grant.recipient !== placed.author)
  );
}
