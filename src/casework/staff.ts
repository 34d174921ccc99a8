// Staff of this organisation: an id, a role, a token that is shown once.
import { createToken, tokenDigest } from '#crypto/token.ts';
import type { Clock } from '#model/clock.ts';
import type { Role } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkStore, StaffRow } from './ports.ts';

const STAFF_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** @throws Refusal SCHEMA_VIOLATION, CONFLICT */
export async function addStaff(
  store: CaseworkStore,
  clock: Clock,
  staffId: string,
  role: Role,
): Promise<{ row: StaffRow; token: string }> {
  if (!STAFF_ID.test(staffId)) {
    throw new Refusal(
      'SCHEMA_VIOLATION',
      'staff_id: write up to 64 small letters, digits, dots, dashes or underscores.',
    );
  }
  const token = createToken();
  const row = { staffId, role, tokenDigest: tokenDigest(token), createdAtMs: clock.now() };
  if (!(await store.insertStaff(row))) {
    throw new Refusal('CONFLICT', 'staff_id: somebody has this id already; choose another one.');
  }
  return { row, token };
}

/** @throws Refusal NOT_FOUND */
export async function removeStaff(store: CaseworkStore, staffId: string): Promise<void> {
  if (await store.removeStaff(staffId)) return;
  throw new Refusal('NOT_FOUND', 'staff_id: nobody here has this id; see srx staff list.');
}
