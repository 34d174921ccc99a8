// Rows as the exchange would write them, with ids of their own, and the few
// changes that most tests begin with.

import type { MatterChange } from '#casework/ports.ts';
import { sha256, uuid4, uuid7 } from '#crypto/digest.ts';
import type {
  NewDelivery,
  ReferralChange,
  ReferralRow,
  StoredMessage,
  StoredSection,
  Task,
} from '#exchange/ports.ts';
import type { AccessLine } from '#model/access-line.ts';
import { NOTHING_ERASED } from '#model/erasure-record.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { Store } from '#store/open.ts';

/** What the clock of a test says at its begin. */
export const NOW_MS = Date.UTC(2026, 10, 24, 9);
const PARTNER = 'https://homeward.example';

export function messageOf(referralId: string, given: Partial<StoredMessage> = {}): StoredMessage {
  const messageId = given.messageId ?? uuid4();
  const jws = given.jws ?? `test.${messageId}.${given.seq ?? 1}`;
  return {
    referralId,
    partner: PARTNER,
    author: 'own',
    seq: 1,
    messageId,
    digest: sha256(jws),
    jws,
    placement: 'placed',
    receipt: null,
    storedAtMs: NOW_MS,
    receiptAtMs: null,
    byStaff: null,
    byRole: null,
    ...given,
  };
}

export function rowOf(given: Partial<ReferralRow> = {}): ReferralRow {
  return {
    referralId: uuid4(),
    partner: PARTNER,
    side: 'referring',
    caseCode: uuid4(),
    localCode: 'TEST-1',
    version: 1,
    ownHead: null,
    peerHead: null,
    status: 'requested',
    comparedBoot: null,
    createdAtMs: NOW_MS,
    changedAtMs: NOW_MS,
    erasure: NOTHING_ERASED,
    ...given,
  };
}

export function changeOf(given: Partial<ReferralChange> = {}): ReferralChange {
  return {
    expectVersion: 0,
    row: null,
    insert: [],
    place: [],
    sections: [],
    deliveries: [],
    events: [],
    tasks: [],
    doneTasks: [],
    deadlines: [],
    goneDeadlines: [],
    ...given,
  };
}

export function sectionOf(referralId: string, given: Partial<StoredSection> = {}): StoredSection {
  return {
    referralId,
    author: 'own',
    seq: 1,
    section: 'minimum',
    digest: sha256(uuid4()),
    generation: 1,
    sealed: 'c2VhbGVk',
    ...given,
  };
}

export function deliveryOf(seq: number, given: Partial<NewDelivery> = {}): NewDelivery {
  return { seq, overtakes: false, dueAtMs: NOW_MS, leasedUntilMs: 0, ...given };
}

export function taskOf(referralId: string, given: Partial<Task> = {}): Task {
  return {
    taskId: uuid7(NOW_MS),
    referralId,
    kind: 'answer-request',
    createdAtMs: NOW_MS,
    ...given,
  };
}

export function lineOf(number: number, given: Partial<AccessLine> = {}): AccessLine {
  return {
    number,
    digest: sha256(String(number)),
    previous: number === 1 ? '' : sha256(String(number - 1)),
    referralId: null,
    localCode: null,
    section: null,
    staffId: 'test-person',
    role: 'caseworker',
    why: 'casework',
    openedAtMs: NOW_MS,
    ...given,
  };
}

export function eventOf(referralId: string, given: Partial<TrackingEvent> = {}): TrackingEvent {
  return {
    eventId: uuid7(NOW_MS),
    timeMs: NOW_MS,
    what: 'step-sent',
    referralId,
    partner: PARTNER,
    step: 'referralRequest',
    seq: 1,
    messageId: uuid4(),
    status: 'requested',
    ...given,
  };
}

/** A referral that is there; `more` goes with its first change. */
export async function newReferral(
  store: Store,
  given: Partial<ReferralRow> = {},
  more: Partial<ReferralChange> = {},
): Promise<ReferralRow> {
  const row = rowOf(given);
  const written = await store.commit(row.referralId, changeOf({ row, ...more }));
  if (!written) throw new Error('the referral is there already');
  return row;
}

/** As many own messages as asked for, on their way, none with a receipt. */
export async function newReferralOnItsWay(
  store: Store,
  deliveries: readonly NewDelivery[],
): Promise<ReferralRow> {
  const row = rowOf();
  const insert = deliveries.map(({ seq }) => messageOf(row.referralId, { seq }));
  return newReferral(store, row, { insert, deliveries: [...deliveries] });
}

/** The row one version on. */
export function after(row: ReferralRow, given: Partial<ReferralRow> = {}): ReferralRow {
  return { ...row, version: row.version + 1, changedAtMs: row.changedAtMs + 1000, ...given };
}

export function matterChange({
  number = 1,
  ...given
}: Partial<MatterChange> & { number?: number } = {}): MatterChange {
  const by = { byStaff: 'test-person', byRole: 'caseworker' } as const;
  const entry = { number, atMs: NOW_MS, ...by, sealed: `sealed-${number}` };
  return { entry, isOpen: true, tasks: [], doneTasks: [], deadlines: [], ...given };
}
