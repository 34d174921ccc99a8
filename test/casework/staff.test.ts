import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { authenticate } from '#casework/actor.ts';
import { addStaff, removeStaff } from '#casework/staff.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { openStore, type Store } from '#store/open.ts';

const clock = { now: () => Date.UTC(2026, 10, 24, 9) };
let store: Store;
beforeEach(async () => {
  store = await openStore({ url: 'sqlite::memory:', clock, log: silentLog });
});
afterEach(() => store[Symbol.asyncDispose]());

const add = (staffId: string, role: Parameters<typeof addStaff>[3] = 'caseworker') =>
  addStaff(store, clock, staffId, role);

describe('a member of staff', () => {
  it('is known by the token, of which only the digest is kept, and no longer once removed', async () => {
    await add('lead', 'supervisor');
    const { token, row } = await add('worker-1');
    expect(JSON.stringify(row)).not.toContain(token.slice(4));
    expect(await authenticate(store, token)).toEqual({ staffId: 'worker-1', role: 'caseworker' });
    await removeStaff(store, 'worker-1');
    await expect(authenticate(store, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('has an id that nobody else has, in small letters', async () => {
    await add('worker-1');
    await expect(add('worker-1')).rejects.toMatchObject({ code: 'CONFLICT' });
    for (const staffId of ['', 'Worker', '-a', '../a', 'a b', 'a'.repeat(65)]) {
      await expect(add(staffId), staffId).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
    }
  });

  it('is not removed while nobody else could add another', async () => {
    await add('lead', 'supervisor');
    await add('worker-1');
    await add('records', 'service');
    await expect(removeStaff(store, 'lead')).rejects.toMatchObject({ code: 'CONFLICT' });
    await add('office', 'administrator');
    await removeStaff(store, 'lead');
    await expect(removeStaff(store, 'lead')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is one of at most so many', async () => {
    for (let i = 0; i < limits.staffMax; i += 1) {
      const row = {
        staffId: `worker-${i}`,
        role: 'caseworker',
        tokenDigest: `digest-${i}`,
      } as const;
      await store.insertStaff({ ...row, createdAtMs: i });
    }
    await expect(add('one-more')).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await store.removeStaff('worker-7');
    await add('one-more');
  });
});
