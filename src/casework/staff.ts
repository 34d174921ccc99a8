// Staff of this organisation: an id, a role, a token that is shown once.
import { createToken, tokenDigest } from '#crypto/token.ts';
import type { Clock } from '#model/clock.ts';
import type { Role } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { PERMISSIONS } from './actor.ts';
import type { CaseworkStore, StaffRow } from './ports.ts';

/** It is part of a file name, and stands in records for years. @throws Refusal SCHEMA_VIOLATION */
export function checkStaffId(staffId: string): void {
  const fits = /^[a-z0-9][a-z0-9._-]*$/.test(staffId) && staffId.length <= limits.staffIdCharsMax;
  if (fits) return;
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `staff_id: write up to ${limits.staffIdCharsMax} small letters, digits, dots, dashes or underscores.`,
  );
}

/** @throws Refusal SCHEMA_VIOLATION, CONFLICT, TOO_LARGE */
export async function addStaff(
  store: CaseworkStore,
  clock: Clock,
  staffId: string,
  role: Role,
): Promise<{ row: StaffRow; token: string }> {
  checkStaffId(staffId);
  if ((await allStaff(store)).length >= limits.staffMax) {
    throw new Refusal(
      'TOO_LARGE',
      `A node has at most ${limits.staffMax} members of staff: remove those who left.`,
    );
  }
  const token = createToken();
  const row = { staffId, role, tokenDigest: tokenDigest(token), createdAtMs: clock.now() };
  if (!(await store.insertStaff(row))) {
    throw new Refusal('CONFLICT', 'staff_id: somebody has this id already; choose another one.');
  }
  return { row, token };
}

/** @throws Refusal NOT_FOUND, or CONFLICT for the last one who could add another. */
export async function removeStaff(store: CaseworkStore, staffId: string): Promise<void> {
  const mayAdd: readonly Role[] = PERMISSIONS.staff;
  const left = (await allStaff(store)).filter((row) => row.staffId !== staffId);
  if (!left.some(({ role }) => mayAdd.includes(role))) {
    throw new Refusal(
      'CONFLICT',
      `staff_id: nobody could add staff any more; add another ${mayAdd.join(' or ')} first.`,
    );
  }
  if (await store.removeStaff(staffId)) return;
  throw new Refusal('NOT_FOUND', 'staff_id: nobody here has this id; see srx staff list.');
}

async function allStaff(store: CaseworkStore): Promise<StaffRow[]> {
  const all: StaffRow[] = [];
  for (let cursor = ''; ; ) {
    const { items, nextCursor } = await store.listStaff(limits.pageItemsMax, cursor);
    all.push(...items);
    if (nextCursor === '') return all;
    cursor = nextCursor;
  }
}
