// The first member of staff. The database is not there yet when `srx init` makes
// the token, so its digest waits in a file that the first start takes and removes.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import type { CaseworkStore, StaffRow } from '#casework/ports.ts';
import { hasCode, writeAtomically } from '#crypto/files.ts';
import { ROLES } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';

import { NODE_FILES } from './config.ts';

export const FIRST_STAFF_FILE = `${NODE_FILES.staff}/first.json`;

const FirstStaff = z.strictObject({
  staffId: z.string(),
  role: z.enum(ROLES),
  tokenDigest: z.string(),
  createdAtMs: z.int(),
}) satisfies z.ZodType<StaffRow>;

/** Relative to the node's folder. */
export function tokenFileOf(staffId: string): string {
  return `${NODE_FILES.staff}/${staffId}.token`;
}

export function writeFirstStaff(folder: string, row: StaffRow): Promise<void> {
  const text = `${JSON.stringify(FirstStaff.parse(row))}\n`;
  return writeAtomically(join(folder, FIRST_STAFF_FILE), Buffer.from(text), 0o600);
}

/** At a start, after the store is open. Once taken, the file is gone. */
export async function takeFirstStaff(
  folder: string,
  store: Pick<CaseworkStore, 'insertStaff'>,
): Promise<void> {
  const file = join(folder, FIRST_STAFF_FILE);
  let row: StaffRow;
  try {
    row = FirstStaff.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return;
    throw new Refusal('BAD_CONFIG', `${FIRST_STAFF_FILE} cannot be read: make the node again.`, {
      cause,
    });
  }
  // False: an earlier start entered it and died before it removed the file.
  await store.insertStaff(row);
  await rm(file, { force: true });
}
