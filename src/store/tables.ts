// The tables as Kysely sees them. The migrations make them; a time is epoch
// milliseconds, a claim 0 or 1, and what is larger than a line stands last.
import type { Generated } from 'kysely';

import type { MatterKind } from '#casework/ports.ts';
import type { Author, StoredMessage } from '#exchange/ports.ts';
import type { AccessReason, Role, SectionName } from '#model/codes.ts';
import type { Status } from '#model/crossing.ts';
import type { Side } from '#model/track.ts';

export type Bit = 0 | 1;

export type ReferralTable = {
  referral_id: string;
  partner: string;
  side: Side;
  case_code: string;
  local_code: string | null;
  version: number;
  own_seq: number | null;
  own_digest: string | null;
  peer_seq: number | null;
  peer_digest: string | null;
  status: Status;
  compared_boot: string | null;
  created_at_ms: number;
  changed_at_ms: number;
  /** JSON; null while nothing is erased or kept. */
  erasure: string | null;
};

export type MessageTable = {
  digest: string;
  referral_id: string;
  author: Author;
  seq: number;
  /** Empty but for a fork, whose digest it is: one index holds chains and forks. */
  fork: string;
  message_id: string;
  partner: string;
  placement: StoredMessage['placement'];
  overtakes: Bit;
  stored_at_ms: number;
  receipt_at_ms: number | null;
  by_staff: string | null;
  by_role: string | null;
  jws: string;
  receipt: string | null;
};

export type SectionTable = {
  referral_id: string;
  author: Author;
  seq: number;
  section: SectionName;
  digest: string;
  generation: number;
  sealed: string | null;
};

export type DeliveryTable = {
  referral_id: string;
  seq: number;
  overtakes: Bit;
  attempts: number;
  due_at_ms: number;
  leased_until_ms: number;
  /** The later of the two before: what the index is on. */
  ready_at_ms: number;
};

export type TaskTable = {
  task_id: string;
  referral_id: string;
  kind: string;
  created_at_ms: number;
};

export type DeadlineTable = { referral_id: string; kind: string; due_at_ms: number };

export type OutboxTable = {
  /** Given by the database. */
  position: number;
  event_id: string;
  published: Bit;
  event: string;
};

export type HandledEventTable = { consumer: string; event_id: string };

export type WatermarkTable = {
  watermark_id: 1;
  stream_created: string;
  stream_seq: number;
  position: number;
};

export type LocalCaseTable = {
  local_code: string;
  imported_at_ms: number;
  /** Empty once erased. */
  sealed: string;
  erased_at_ms: number | null;
  is_erased: Bit;
};

export type StaffTable = {
  staff_id: string;
  role: Role;
  token_digest: string;
  created_at_ms: number;
};

export type AccessLineTable = {
  number: number;
  digest: string;
  previous: string;
  referral_id: string | null;
  local_code: string | null;
  section: SectionName | null;
  staff_id: string;
  role: Role;
  why: AccessReason;
  opened_at_ms: number;
};

export type AccessHeadTable = { head_id: 1; jws: string };

export type AccessReportedTable = { referral_id: string; number: number };

export type MatterTable = {
  matter_id: string;
  kind: MatterKind;
  referral_id: string | null;
  local_code: string | null;
  is_open: Bit;
  opened_at_ms: number;
};

export type MatterEntryTable = {
  matter_id: string;
  number: number;
  at_ms: number;
  by_staff: string;
  by_role: Role;
  sealed: string;
};

export type ConsentRecordTable = {
  local_code: string;
  recipient: string;
  number: number;
  record_id: string;
  at_ms: number;
  sealed: string;
};

export type SchemaVersionTable = { version: number; applied_at_ms: number };

export type Tables = {
  referral: ReferralTable;
  message: MessageTable;
  section: SectionTable;
  delivery: DeliveryTable;
  task: TaskTable;
  deadline: DeadlineTable;
  outbox: Omit<OutboxTable, 'position'> & { position: Generated<number> };
  handled_event: HandledEventTable;
  watermark: WatermarkTable;
  local_case: LocalCaseTable;
  staff: StaffTable;
  access_line: AccessLineTable;
  access_head: AccessHeadTable;
  access_reported: AccessReportedTable;
  matter: MatterTable;
  matter_entry: MatterEntryTable;
  consent_record: ConsentRecordTable;
  schema_version: SchemaVersionTable;
};
