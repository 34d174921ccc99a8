// What people's work needs of the store besides the referrals: local cases,
// staff, tasks, the record of who opened what.
import type { Author, ReferralRow, StoredSection, Task } from '#exchange/ports.ts';
import type { Role, SectionName } from '#model/codes.ts';

export type Page<T> = { items: T[]; nextCursor: string };

export type StoredCase = {
  localCode: string;
  /** The case file under the case's own key, base64url. */
  sealed: string;
  importedAtMs: number;
};

export type StaffRow = {
  staffId: string;
  role: Role;
  /** SHA-256 of the token, base64url. */
  tokenDigest: string;
  createdAtMs: number;
};

export type AccessRow = {
  referralId: string;
  staffId: string;
  role: Role;
  section: SectionName;
  openedAtMs: number;
};

export type CaseAccessRow = {
  localCode: string;
  staffId: string;
  role: Role;
  openedAtMs: number;
};

export interface CaseworkStore {
  /** False when the local code is taken (nothing is written). */
  insertCase(row: StoredCase): Promise<boolean>;
  /** A newer version of a stored case. */
  replaceCase(row: StoredCase): Promise<void>;
  findCase(localCode: string): Promise<StoredCase | undefined>;
  /** Newest first. */
  listCases(limit: number, cursor: string): Promise<Page<StoredCase>>;
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
  /** Own messages without a receipt, by referral. */
  countPending(referralIds: string[]): Promise<Map<string, number>>;
  /** Oldest first. */
  listTasks(limit: number, cursor: string): Promise<Page<Task>>;
  /** Every stored section of a referral, ciphertext. */
  listSections(referralId: string): Promise<(StoredSection & { author: Author })[]>;
  insertAccess(row: AccessRow): Promise<void>;
  insertCaseAccess(row: CaseAccessRow): Promise<void>;
}
