// What people's work needs of the store besides the referrals: local cases,
// staff, tasks, the record of who opened what.
import type { Author, ReferralRow, StoredSection, Task } from '#exchange/ports.ts';
import type { AccessLine } from '#model/access-line.ts';
import type { Role } from '#model/codes.ts';
import type { Deadline } from '#model/deadlines.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';

export type Page<T> = { items: T[]; nextCursor: string };

export type StoredCase = {
  localCode: string;
  /** The case file under the case's own key, base64url. */
  sealed: string;
  importedAtMs: number;
  /** When it was erased; its code stays taken. Null for one that is here. */
  erasedAtMs: number | null;
};

export type StaffRow = {
  staffId: string;
  role: Role;
  /** SHA-256 of the token, base64url. */
  tokenDigest: string;
  createdAtMs: number;
};

export const MATTER_KINDS = ['breach', 'demand', 'disclosure'] as const;
export type MatterKind = (typeof MATTER_KINDS)[number];

/** What went wrong, was demanded or was told outside: about one referral, or one local case. */
export type MatterAbout =
  | { referralId: string; localCode: null }
  | { referralId: null; localCode: string };

export type MatterRow = MatterAbout & {
  matterId: string;
  kind: MatterKind;
  isOpen: boolean;
  openedAtMs: number;
};

/** One entry of a matter, numbered from 1; never changed. */
export type MatterEntry = {
  number: number;
  atMs: number;
  byStaff: string;
  byRole: Role;
  /** Under the key of what it is about, base64url. */
  sealed: string;
};

/** What else changes with an entry, all of it in the same commit. */
export type MatterChange = {
  entry: MatterEntry;
  isOpen: boolean;
  /** One that is there of its kind stays as it is. */
  tasks: Task[];
  doneTasks: { referralId: string; kinds: string[] }[];
  /** One of its kind is replaced. */
  deadlines: (Deadline & { referralId: string })[];
};

export interface MatterStore {
  /** False when the id is taken (nothing is written). */
  openMatter(row: MatterRow, change: MatterChange): Promise<boolean>;
  /** False when the number is taken: somebody else was faster (nothing is written). */
  addToMatter(matterId: string, change: MatterChange): Promise<boolean>;
  findMatter(matterId: string): Promise<{ row: MatterRow; entries: MatterEntry[] } | undefined>;
  /** Newest first. */
  listMatters(kind: MatterKind, limit: number, cursor: string): Promise<Page<MatterRow>>;
  /** Of this referral alone, the oldest first, at most `limits.pageItemsMax`. */
  mattersOfReferral(referralId: string, kind: MatterKind): Promise<MatterRow[]>;
  mattersOfCase(localCode: string, kind: MatterKind): Promise<MatterRow[]>;
  /**
   * The oldest legal demand that is not ended and holds what this referral holds: about it,
   * or about the case that it was made from.
   */
  openDemand(referralId: string): Promise<MatterRow | undefined>;
  /** About the case, or about any referral that was made from it. */
  openDemandOfCase(localCode: string): Promise<MatterRow | undefined>;
}

export interface AccessStore {
  /**
   * The next line with the head that names it; a deadline of its kind that stands stays.
   * False when the number is taken: somebody else was faster (nothing is written).
   */
  appendAccess(
    line: AccessLine,
    head: string,
    report: (Deadline & { referralId: string }) | null,
  ): Promise<boolean>;
  lastAccess(): Promise<{ line: AccessLine | null; head: string | null }>;
  /** Oldest first. */
  accessAfter(number: number, max: number): Promise<AccessLine[]>;
  accessOfReferral(referralId: string, afterNumber: number, max: number): Promise<AccessLine[]>;
  accessOfCase(localCode: string, afterNumber: number, max: number): Promise<AccessLine[]>;
  /** Number of the last line of the referral that the partner was told of; 0 for none. */
  reportedAccess(referralId: string): Promise<number>;
  markAccessReported(referralId: string, number: number): Promise<void>;
}

/** One record about one recipient of a case; never changed. */
export type ConsentRecordRow = {
  localCode: string;
  /** Entity identifier of the partner. */
  recipient: string;
  /** From 1, for each recipient of a case. */
  number: number;
  recordId: string;
  atMs: number;
  /** The signed record under the key of the case, base64url. */
  sealed: string;
};

export interface ConsentRecordStore {
  /** False when the number or the id is taken (nothing is written). */
  insertConsentRecord(row: ConsentRecordRow): Promise<boolean>;
  /** By recipient, then by number. */
  consentRecordsOfCase(localCode: string): Promise<ConsentRecordRow[]>;
}

export interface CaseworkStore extends MatterStore, AccessStore, ConsentRecordStore {
  /** False when the local code is taken (nothing is written). */
  insertCase(row: StoredCase): Promise<boolean>;
  /** A newer version of a stored case. False, and nothing written, for one that was erased. */
  replaceCase(row: StoredCase): Promise<boolean>;
  findCase(localCode: string): Promise<StoredCase | undefined>;
  /** Newest first. */
  listCases(limit: number, cursor: string): Promise<Page<StoredCase>>;
  /** The tombstone of a case, before its key is destroyed: its text goes with it. */
  eraseCase(localCode: string, atMs: number): Promise<void>;
  /** No place has its key any more. */
  markCaseErased(localCode: string): Promise<void>;
  /** Erased cases whose key may still be somewhere. */
  casesBeingErased(): Promise<string[]>;
  /** Newest first, at most `limits.pageItemsMax`. */
  referralsOfCase(localCode: string): Promise<ReferralRow[]>;
  /** The pseudonym used with this partner for this case before, if any. */
  findCaseCode(localCode: string, partner: string): Promise<string | undefined>;

  /** False when the id or the token is taken. */
  insertStaff(row: StaffRow): Promise<boolean>;
  findStaffByToken(tokenDigest: string): Promise<StaffRow | undefined>;
  listStaff(limit: number, cursor: string): Promise<Page<StaffRow>>;
  removeStaff(staffId: string): Promise<boolean>;

  /** Newest change first; `since` in milliseconds. */
  listReferrals(limit: number, cursor: string, sinceMs: number): Promise<Page<ReferralRow>>;
  /**
   * Referrals that nobody ended, unchanged since a time and without a deadline for their
   * evidence; by change and id, after a place.
   */
  openEndedReferrals(
    changedBeforeMs: number,
    after: { ms: number; id: string },
    max: number,
  ): Promise<{ referralId: string; changedAtMs: number }[]>;
  /** Every row of it, whatever is left. */
  removeReferral(referralId: string): Promise<void>;
  /** Own messages without a receipt, by referral. */
  countPending(referralIds: string[]): Promise<Map<string, number>>;
  /** Oldest first. */
  listTasks(limit: number, cursor: string): Promise<Page<Task>>;
  /** An alarm: the task with its events; nothing is written where one of its kind is there. */
  raiseTask(task: Task, events: TrackingEvent[]): Promise<void>;
  /** Of the clock; one of its kind is replaced. */
  setDeadline(referralId: string, deadline: Deadline): Promise<void>;
  /** Takes the lines of these kinds off the inbox, and with them what the clock would do. */
  finishTasks(referralId: string, kinds: string[], deadlines?: string[]): Promise<void>;
  /** Every stored section of a referral, ciphertext. */
  listSections(referralId: string): Promise<(StoredSection & { author: Author })[]>;
}
