// What is erased of a referral, and when: by a withdrawal, after an arrival, after the
// end. Times come from the messages alone, so both sides reckon the same.
import { isPersonal, PERSONAL_SECTIONS, SECTIONS, type SectionName } from './codes.ts';
import { hadSeen, isWhole, MEETING_SECTIONS, type PlacedWithdrawal, withdraws } from './consent.ts';
import type { Status } from './crossing.ts';
import type { ErasureCause } from './erasure-record.ts';
import { limits } from './limits.ts';
import type { StepName } from './message.ts';
import type { ReferralState } from './referral.ts';
import type { Entry, Thread } from './thread.ts';
import type { Side } from './track.ts';

/** Sections that are to be erased from a time on. `kind` names its deadline. */
export type ErasureDue = {
  kind: string;
  cause: ErasureCause;
  /** message_id of the withdrawal; null for another cause. */
  withdrawalId: string | null;
  sections: readonly SectionName[];
  dueAtMs: number;
};

export const WITHDRAWN_KIND = 'erase-withdrawn';
const MET_KIND = 'erase-met';

/** How long after its end a referral is kept, by how it ended. */
const KEPT_MS: Partial<Record<Status, number>> = {
  declined: limits.endedRetentionMs,
  expired: limits.endedRetentionMs,
  cancelled: limits.endedRetentionMs,
  failed: limits.endedRetentionMs,
  'entered-in-error': limits.endedRetentionMs,
  completed: limits.completedRetentionMs,
  withdrawn: limits.withdrawnRetentionMs,
};

const ENDING_STEPS: ReadonlySet<StepName> = new Set<StepName>([
  'declined',
  'cancellationConfirmed',
  'completed',
  'failed',
  'expired',
  'enteredInError',
]);

/** Who opened what is evidence, and stays as long. */
const WORKING_SECTIONS: readonly SectionName[] = SECTIONS.filter(
  (name) => !isPersonal(name) && name !== 'access',
);

/** All that are due some day, past ones too; `access` goes with the evidence. */
export function erasuresDue(thread: Thread, state: ReferralState): ErasureDue[] {
  const said = saidOf(thread, state);
  return [
    ...state.withdrawals.flatMap((withdrawal) => byWithdrawal(state, said, withdrawal)),
    ...afterArrival(said),
    ...afterEnd(thread, state, said),
  ];
}

/** When the evidence goes too, with every row; null while there is no end. */
export function evidenceEndsAtMs(thread: Thread, state: ReferralState): number | null {
  const endedAtMs = endOf(state, saidOf(thread, state))?.atMs;
  return endedAtMs === undefined ? null : endedAtMs + limits.evidenceRetentionMs;
}

/** Whether somebody ended it; else only the end of all grants does, which no step tells. */
export function isEnded({ status }: ReferralState): boolean {
  return KEPT_MS[status] !== undefined;
}

function byWithdrawal(
  state: ReferralState,
  said: Said,
  withdrawal: PlacedWithdrawal,
): ErasureDue[] {
  const { body, messageId } = withdrawal;
  const sentAtMs = said.withdrawnAtMs(withdrawal);
  const isGivenBack = (section: SectionName) =>
    state.grants.some((g) => g.grant.sections.includes(section) && hadSeen(g, withdrawal));
  const dueAtMs = sentAtMs + (body.deleteSent ? 0 : limits.withdrawnRetentionMs);
  const at = { cause: 'withdrawn', withdrawalId: messageId } as const;
  const sections = PERSONAL_SECTIONS.filter(
    (section) => withdraws(body, section) && !isGivenBack(section),
  );
  const dues: ErasureDue[] = [{ ...at, kind: `${WITHDRAWN_KIND}:${messageId}`, sections, dueAtMs }];
  if (body.whole && !isWhole(body)) {
    // What the meeting needs goes a day after it, and never stays for want of one.
    const arrivedAtMs = lastAtMs(said, 'arrived');
    const metMs =
      arrivedAtMs === null
        ? sentAtMs + limits.meetingWaitMs
        : arrivedAtMs + limits.meetingSecondsAfter * 1000;
    const meeting = MEETING_SECTIONS.filter((section) => !isGivenBack(section));
    const met = { sections: meeting, dueAtMs: Math.max(dueAtMs, metMs) };
    dues.push({ ...at, kind: `${MET_KIND}:${messageId}`, ...met });
  }
  return dues;
}

function afterArrival(said: Said): ErasureDue[] {
  const arrivedAtMs = lastAtMs(said, 'arrived');
  if (arrivedAtMs === null) return [];
  const dueAtMs = arrivedAtMs + limits.arrivalRetentionMs;
  return [
    { kind: 'erase-arrival', cause: 'arrived', withdrawalId: null, sections: ['arrival'], dueAtMs },
  ];
}

function afterEnd(thread: Thread, state: ReferralState, said: Said): ErasureDue[] {
  const end = endOf(state, said);
  if (!end) return [];
  const at = { cause: 'ended', withdrawalId: null } as const;
  // What was said about the work after the end, say which law keeps something, has its time too.
  const lastWorkMs = Math.max(0, ...thread.referring.map(workMs), ...thread.receiving.map(workMs));
  const workDueMs = Math.max(end.atMs + end.keptMs, lastWorkMs + limits.endedRetentionMs);
  return [
    {
      ...at,
      kind: 'erase-ended',
      sections: PERSONAL_SECTIONS,
      dueAtMs: end.atMs + end.keptMs,
    },
    { ...at, kind: 'erase-working', sections: WORKING_SECTIONS, dueAtMs: workDueMs },
  ];
}

function workMs({ envelope, content }: Entry): number {
  const isWork = content?.sections.some(({ section }) => WORKING_SECTIONS.includes(section));
  return isWork ? envelope.sentAt * 1000 : 0;
}

type End = { atMs: number; keptMs: number };

/**
 * By its last step; or, where nobody ended it, once no grant has let anybody look for
 * so long that even a search for safety may not.
 */
function endOf({ status, withdrawals, grants }: ReferralState, said: Said): End | null {
  const keptMs = KEPT_MS[status];
  if (status === 'withdrawn') {
    const whole = withdrawals.filter(({ body }) => isWhole(body)).map(said.withdrawnAtMs);
    return { atMs: Math.min(...whole), keptMs: limits.withdrawnRetentionMs };
  }
  const last = said.counted.findLast(({ content }) =>
    ENDING_STEPS.has(content?.body.step ?? 'refused'),
  );
  if (keptMs !== undefined && last) return { atMs: last.envelope.sentAt * 1000, keptMs };
  if (grants.length === 0) return null;
  const untilMs = Math.max(...grants.map(({ grant }) => grant.until)) * 1000;
  return { atMs: untilMs, keptMs: limits.safetySearchSeconds * 1000 };
}

type Said = {
  /** Messages that count, in the order of their times. */
  counted: readonly Entry[];
  /** When it was sent; of one that a fork repeats, the first time. */
  withdrawnAtMs(withdrawal: PlacedWithdrawal): number;
};

function saidOf(thread: Thread, { verdicts }: ReferralState): Said {
  const countedOf = (side: Side) =>
    thread[side].filter((_, at) => verdicts[side][at]?.verdict === 'counts');
  const counted = [...countedOf('referring'), ...countedOf('receiving')].toSorted(
    (a, b) => a.envelope.sentAt - b.envelope.sentAt,
  );
  const times = new Map<string, number>();
  const note = (side: Side, { envelope, content }: Entry) => {
    if (content?.body.step !== 'consentWithdrawn') return;
    const id = `${side} ${envelope.messageId}`;
    times.set(id, Math.min(envelope.sentAt, times.get(id) ?? envelope.sentAt));
  };
  for (const side of ['referring', 'receiving'] as const) {
    for (const entry of thread[side]) note(side, entry);
  }
  for (const { side, entry } of thread.loose) note(side, entry);
  return {
    counted,
    withdrawnAtMs: ({ side, messageId }) => (times.get(`${side} ${messageId}`) ?? 0) * 1000,
  };
}

function lastAtMs({ counted }: Said, step: StepName): number | null {
  const last = counted.findLast(({ content }) => content?.body.step === step);
  return last ? last.envelope.sentAt * 1000 : null;
}
