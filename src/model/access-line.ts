// One line of the access log: an opening, bound to the line before it.
import type { AccessReason, Role, SectionName } from './codes.ts';

/** What was opened, by whom, why: all that a line's digest is made of. */
export type AccessEntry = {
  /** 1, 2, 3 … without a gap. */
  number: number;
  /** Digest of the line before; empty for the first. */
  previous: string;
  /** One of the two; the other is null. */
  referralId: string | null;
  localCode: string | null;
  /** Null: the whole local case. */
  section: SectionName | null;
  staffId: string;
  role: Role;
  why: AccessReason;
  openedAtMs: number;
};

export type AccessLine = AccessEntry & { digest: string };

/** The text whose SHA-256 is the digest of the line. */
export function accessText(line: AccessEntry): string {
  return JSON.stringify([
    'srx-access-line.v1',
    line.number,
    line.previous,
    line.referralId,
    line.localCode,
    line.section,
    line.staffId,
    line.role,
    line.why,
    line.openedAtMs,
  ]);
}
