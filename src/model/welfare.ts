// A person who says no on the way is still on the way: the referring side calls to ask
// if they are well, and keeps a clock of its own. The partner may be silent by right.
import type { SectionName } from './codes.ts';
import { MEETING_SECTIONS } from './consent.ts';
import { cutOff } from './cut-off.ts';
import { limits } from './limits.ts';
import type { StepBody, StepName } from './message.ts';
import type { ReferralState } from './referral.ts';
import { precedingForks, type Thread } from './thread.ts';
import type { Side } from './track.ts';

export type Welfare = {
  /** When they left, whole seconds. */
  leftAt: number;
  /** When the person said no, whole seconds. */
  saidAt: number;
  /** Call by then: sooner for somebody who travels. Whole seconds. */
  callBy: number;
  /** Somebody met the person, as far as this node knows. */
  isMet: boolean;
};

/** Of the first withdrawal that touches the meeting, or all but it, on the way; else null. */
export function welfareOf(thread: Thread, state: ReferralState): Welfare | null {
  if (state.withdrawals.length === 0) return null;
  const said = saidIn(thread, state);
  const leftAt = Math.min(...said('referring', 'departed'));
  const metAt = Math.min(
    ...said('receiving', 'arrived'),
    ...said('receiving', 'caseManagementTaken'),
  );
  const takenAt = Math.min(...said('receiving', 'caseManagementTaken'));
  const saidAt = Math.min(...withdrawalTimes(thread).filter((at) => at >= leftAt && at < takenAt));
  if (!Number.isFinite(saidAt)) return null;
  const isTravelling = metAt > saidAt;
  const within = isTravelling ? limits.callTravellingSeconds : limits.callSeconds;
  return { leftAt, saidAt, callBy: saidAt + within, isMet: Number.isFinite(metAt) };
}

/** Times of a step, in either branch of a fork: nothing undoes that somebody left. */
function saidIn(thread: Thread, state: ReferralState) {
  const kept = precedingForks(thread);
  const counted = (['referring', 'receiving'] as const).flatMap((side) =>
    kept[side]
      .filter((_, index) => state.verdicts[side][index]?.verdict === 'counts')
      .map((entry) => ({ side, entry })),
  );
  const all = thread.forks.length > 0 ? [...counted, ...cutOff(thread, kept)] : counted;
  return (by: Side, step: StepName): number[] =>
    all
      .filter(({ side, entry }) => side === by && entry.content?.body.step === step)
      .map(({ entry }) => entry.envelope.sentAt);
}

function withdrawalTimes(thread: Thread): number[] {
  const loose = thread.loose.map(({ entry }) => entry);
  return [...thread.referring, ...thread.receiving, ...loose].flatMap(({ envelope, content }) => {
    const body = content?.body;
    return body?.step === 'consentWithdrawn' && endsTravel(body.consentWithdrawn)
      ? [envelope.sentAt]
      : [];
  });
}

const TRAVEL: readonly SectionName[] = ['minimum', ...MEETING_SECTIONS];

function endsTravel({ whole, sections }: StepBody<'consentWithdrawn'>): boolean {
  return whole || sections.some((section) => TRAVEL.includes(section));
}
