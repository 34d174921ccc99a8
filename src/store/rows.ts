// Between a row of the database and what the ports speak of; nowhere else.
import type { StaffRow, StoredCase } from '#casework/ports.ts';
import type { Delivery, ReferralRow, StoredMessage, StoredSection, Task } from '#exchange/ports.ts';
import { ErasureRecord, NOTHING_ERASED } from '#model/erasure-record.ts';
import type { ChainPosition } from '#model/message.ts';
import { TrackingEvent } from '#model/tracking-event.ts';
import type { OutboxRow } from '#tracking/ports.ts';

import type {
  DeliveryTable,
  LocalCaseTable,
  MessageTable,
  OutboxTable,
  ReferralTable,
  SectionTable,
  StaffTable,
  TaskTable,
} from './tables.ts';

export function toReferral(row: ReferralTable): ReferralRow {
  return {
    referralId: row.referral_id,
    partner: row.partner,
    side: row.side,
    caseCode: row.case_code,
    localCode: row.local_code,
    version: row.version,
    ownHead: toPosition(row.own_seq, row.own_digest),
    peerHead: toPosition(row.peer_seq, row.peer_digest),
    status: row.status,
    comparedBoot: row.compared_boot,
    createdAtMs: row.created_at_ms,
    changedAtMs: row.changed_at_ms,
    erasure: row.erasure === null ? NOTHING_ERASED : ErasureRecord.parse(JSON.parse(row.erasure)),
  };
}

function toPosition(seq: number | null, digest: string | null): ChainPosition | null {
  return seq === null || digest === null ? null : { seq, digest };
}

export function fromReferral(row: ReferralRow): ReferralTable {
  return {
    referral_id: row.referralId,
    partner: row.partner,
    side: row.side,
    case_code: row.caseCode,
    local_code: row.localCode,
    version: row.version,
    own_seq: row.ownHead?.seq ?? null,
    own_digest: row.ownHead?.digest ?? null,
    peer_seq: row.peerHead?.seq ?? null,
    peer_digest: row.peerHead?.digest ?? null,
    status: row.status,
    compared_boot: row.comparedBoot,
    created_at_ms: row.createdAtMs,
    changed_at_ms: row.changedAtMs,
    erasure: isEmpty(row.erasure) ? null : JSON.stringify(row.erasure),
  };
}

function isEmpty({ tombstones, kept }: ErasureRecord): boolean {
  return tombstones.length + kept.length === 0;
}

export function toMessage(row: MessageTable): StoredMessage {
  return {
    referralId: row.referral_id,
    partner: row.partner,
    author: row.author,
    seq: row.seq,
    messageId: row.message_id,
    digest: row.digest,
    jws: row.jws,
    placement: row.placement,
    receipt: row.receipt,
    storedAtMs: row.stored_at_ms,
    receiptAtMs: row.receipt_at_ms,
    byStaff: row.by_staff,
    byRole: row.by_role,
  };
}

export function fromMessage(message: StoredMessage, overtakes: boolean): MessageTable {
  return {
    digest: message.digest,
    referral_id: message.referralId,
    author: message.author,
    seq: message.seq,
    fork: message.placement === 'fork' ? message.digest : '',
    message_id: message.messageId,
    partner: message.partner,
    placement: message.placement,
    overtakes: overtakes ? 1 : 0,
    stored_at_ms: message.storedAtMs,
    receipt_at_ms: message.receiptAtMs,
    by_staff: message.byStaff,
    by_role: message.byRole,
    jws: message.jws,
    receipt: message.receipt,
  };
}

export function toSection(row: SectionTable): StoredSection {
  return {
    referralId: row.referral_id,
    author: row.author,
    seq: row.seq,
    section: row.section,
    digest: row.digest,
    generation: row.generation,
    sealed: row.sealed,
  };
}

export function fromSection(section: StoredSection): SectionTable {
  return {
    referral_id: section.referralId,
    author: section.author,
    seq: section.seq,
    section: section.section,
    digest: section.digest,
    generation: section.generation,
    sealed: section.sealed,
  };
}

export function toDelivery(row: DeliveryTable): Delivery {
  return {
    referralId: row.referral_id,
    seq: row.seq,
    overtakes: row.overtakes === 1,
    attempts: row.attempts,
    dueAtMs: row.due_at_ms,
    leasedUntilMs: row.leased_until_ms,
  };
}

export function toTask(row: TaskTable): Task {
  return {
    taskId: row.task_id,
    referralId: row.referral_id,
    kind: row.kind,
    createdAtMs: row.created_at_ms,
  };
}

export function fromTask(task: Task): TaskTable {
  return {
    task_id: task.taskId,
    referral_id: task.referralId,
    kind: task.kind,
    created_at_ms: task.createdAtMs,
  };
}

export type NewOutboxRow = Omit<OutboxTable, 'position'>;

/** The allow-list holds here: an event with one property more does not get in. */
export function fromEvent(event: TrackingEvent): NewOutboxRow {
  return {
    event_id: event.eventId,
    published: 0,
    event: JSON.stringify(TrackingEvent.parse(event)),
  };
}

export function toOutboxRow(row: Pick<OutboxTable, 'position' | 'event'>): OutboxRow {
  return { position: row.position, event: TrackingEvent.parse(JSON.parse(row.event)) };
}

export function toCase(row: LocalCaseTable): StoredCase {
  return {
    localCode: row.local_code,
    sealed: row.sealed,
    importedAtMs: row.imported_at_ms,
    erasedAtMs: row.erased_at_ms,
  };
}

export function toStaff(row: StaffTable): StaffRow {
  return {
    staffId: row.staff_id,
    role: row.role,
    tokenDigest: row.token_digest,
    createdAtMs: row.created_at_ms,
  };
}
