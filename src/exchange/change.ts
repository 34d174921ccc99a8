// Turns a thread that grew into the one change that is committed: row, tasks,
// deadlines, events.
import { uuid7 } from '#crypto/digest.ts';
import { deadlineChanges, deadlines, endedAlarms } from '#model/deadlines.ts';
import { duties } from '#model/duties.ts';
import { NOTHING_ERASED } from '#model/erasure-record.ts';
import type { ChainPosition } from '#model/message.ts';
import { fold, type ReferralState } from '#model/referral.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { ExchangeContext } from './context.ts';
import type { OpenReferral } from './open-referral.ts';
import type { ReferralChange, ReferralRow, StoredMessage } from './ports.ts';

export type Grown = {
  partner: string;
  side: Side;
  caseCode: string;
  localCode: string | null;
  thread: Thread;
  state: ReferralState;
  /** Boot id once heads were compared; null keeps what is stored. */
  comparedBoot: string | null;
};

export const NO_CHANGE: Omit<ReferralChange, 'expectVersion' | 'row'> = {
  insert: [],
  place: [],
  sections: [],
  deliveries: [],
  events: [],
  tasks: [],
  doneTasks: [],
  deadlines: [],
  goneDeadlines: [],
};

export function headOf(entries: readonly Entry[]): ChainPosition | null {
  const last = entries.at(-1);
  return last ? { seq: last.envelope.seq, digest: last.digest } : null;
}

/** The change without its messages, sections, deliveries and events. */
export function changeOf(
  context: ExchangeContext,
  before: OpenReferral,
  grown: Omit<Grown, 'state'> & { state?: ReferralState },
): ReferralChange & { row: ReferralRow } {
  const state = grown.state ?? fold(grown.thread);
  const nowMs = context.clock.now();
  const old = before.stored.row;
  const had = old ? duties(before.side, before.state) : [];
  const has = duties(grown.side, state);
  const due = old ? deadlines(before.side, before.thread, before.state) : [];
  const dueNow = deadlines(grown.side, grown.thread, state);
  const clock = deadlineChanges(due, dueNow);
  const referralId =
    old?.referralId ?? (grown.thread[grown.side][0] ?? firstOf(grown)).envelope.referralId;
  return {
    expectVersion: old?.version ?? 0,
    row: {
      referralId,
      partner: grown.partner,
      side: grown.side,
      caseCode: grown.caseCode,
      localCode: grown.localCode,
      version: (old?.version ?? 0) + 1,
      ownHead: headOf(grown.thread[grown.side]),
      peerHead: headOf(grown.thread[otherSide(grown.side)]),
      status: state.status,
      comparedBoot: grown.comparedBoot ?? old?.comparedBoot ?? null,
      erasure: old?.erasure ?? NOTHING_ERASED,
      createdAtMs: old?.createdAtMs ?? nowMs,
      changedAtMs: nowMs,
    },
    ...NO_CHANGE,
    tasks: has
      .filter((kind) => !had.includes(kind))
      .map((kind) => ({ taskId: uuid7(nowMs), referralId, kind, createdAtMs: nowMs })),
    doneTasks: [...had.filter((kind) => !has.includes(kind)), ...endedAlarms(due, dueNow)],
    deadlines: clock.set,
    goneDeadlines: clock.gone,
  };
}

function firstOf(grown: Omit<Grown, 'state'>): Entry {
  const entry = grown.thread[otherSide(grown.side)][0] ?? grown.thread.loose[0]?.entry;
  if (!entry) throw new Error('a change of a referral without a message');
  return entry;
}

export function trackingEvent(
  context: ExchangeContext,
  what: TrackingEvent['what'],
  row: Pick<ReferralRow, 'referralId' | 'partner' | 'status'>,
  entry: Entry,
): TrackingEvent {
  const timeMs = context.clock.now();
  const { seq, messageId } = entry.envelope;
  return {
    eventId: uuid7(timeMs),
    timeMs,
    what,
    referralId: row.referralId,
    partner: row.partner,
    step: entry.content?.body.step ?? 'unread',
    seq,
    messageId,
    status: row.status,
  };
}

export function storedPeerMessage(
  context: ExchangeContext,
  partner: string,
  entry: Entry,
  jws: string,
  placement: StoredMessage['placement'],
  receipt: string | null,
): StoredMessage {
  const nowMs = context.clock.now();
  return {
    referralId: entry.envelope.referralId,
    partner,
    author: 'peer',
    seq: entry.envelope.seq,
    messageId: entry.envelope.messageId,
    digest: entry.digest,
    jws,
    placement,
    receipt,
    storedAtMs: nowMs,
    receiptAtMs: receipt === null ? null : nowMs,
    byStaff: null,
    byRole: null,
  };
}
