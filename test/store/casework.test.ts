import { expect, it } from 'vitest';

import type { Page, StaffRow, StoredCase } from '#casework/ports.ts';
import { sha256, uuid4 } from '#crypto/digest.ts';
import { limits } from '#model/limits.ts';
import { onEachEngine } from './on-engines.ts';
import { after, changeOf, messageOf, NOW_MS, newReferral, rowOf, taskOf } from './samples.ts';

function caseOf(localCode: string, given: Partial<StoredCase> = {}): StoredCase {
  const sealed = `sealed ${localCode}`;
  return { localCode, sealed, importedAtMs: NOW_MS, erasedAtMs: null, ...given };
}

function staffOf(staffId: string, given: Partial<StaffRow> = {}): StaffRow {
  const tokenDigest = sha256(staffId);
  return { staffId, role: 'caseworker', tokenDigest, createdAtMs: NOW_MS, ...given };
}

/** Every page of a list, each of at most so many. */
async function pagesOf<T>(
  list: (limit: number, cursor: string) => Promise<Page<T>>,
  limit: number,
): Promise<T[][]> {
  const pages: T[][] = [];
  let cursor = '';
  do {
    const page = await list(limit, cursor);
    pages.push(page.items);
    cursor = page.nextCursor;
  } while (cursor !== '');
  return pages;
}

onEachEngine('an erased case', (place) => {
  it('leaves its code and its time, and no newer version brings it back', async () => {
    const { store } = place;
    await store.insertCase(caseOf('TEST-1'));
    await store.insertCase(caseOf('TEST-2'));
    await store.eraseCase('TEST-1', NOW_MS + 5);
    await store.eraseCase('TEST-1', NOW_MS + 9);
    expect(await store.casesBeingErased()).toEqual(['TEST-1']);
    const erased = caseOf('TEST-1', { sealed: '', erasedAtMs: NOW_MS + 5 });
    expect(await store.replaceCase(caseOf('TEST-1', { sealed: 'newer' }))).toBe(false);
    expect(await store.findCase('TEST-1')).toEqual(erased);
    await store.markCaseErased('TEST-1');
    expect(await store.casesBeingErased()).toEqual([]);
  });
});

onEachEngine('a local case', (place) => {
  it('is kept once under its code, and replaced by its newer version', async () => {
    const first = caseOf('TEST-1');
    expect(await place.store.insertCase(first)).toBe(true);
    expect(await place.store.insertCase({ ...first, sealed: 'other' })).toBe(false);
    expect(await place.store.findCase('TEST-1')).toEqual(first);
    const newer = caseOf('TEST-1', { sealed: 'newer', importedAtMs: NOW_MS + 1 });
    await place.store.replaceCase(newer);
    await place.store.replaceCase(caseOf('TEST-2'));
    expect(await place.store.findCase('TEST-1')).toEqual(newer);
    expect(await place.store.findCase('TEST-2')).toBeUndefined();
  });

  it('has its referrals, newest first, and one code for each partner', async () => {
    const partner = 'https://other.example';
    const first = await newReferral(place.store, { createdAtMs: NOW_MS });
    const second = await newReferral(place.store, { createdAtMs: NOW_MS + 2 });
    const other = await newReferral(place.store, { createdAtMs: NOW_MS + 1, partner });
    await newReferral(place.store, { localCode: 'TEST-2' });
    await newReferral(place.store, { localCode: null });
    expect(await place.store.referralsOfCase('TEST-1')).toEqual([second, other, first]);
    expect(await place.store.referralsOfCase('TEST-3')).toEqual([]);
    expect(await place.store.findCaseCode('TEST-1', first.partner)).toBe(first.caseCode);
    expect(await place.store.findCaseCode('TEST-1', partner)).toBe(other.caseCode);
    expect(await place.store.findCaseCode('TEST-2', partner)).toBeUndefined();
  });
});

onEachEngine('staff', (place) => {
  it('are known by their token until they are removed', async () => {
    const row = staffOf('test-person', { role: 'supervisor' });
    expect(await place.store.insertStaff(row)).toBe(true);
    expect(await place.store.findStaffByToken(row.tokenDigest)).toEqual(row);
    expect(await place.store.findStaffByToken(sha256('no token'))).toBeUndefined();
    expect(await place.store.removeStaff('test-person')).toBe(true);
    expect(await place.store.removeStaff('test-person')).toBe(false);
    expect(await place.store.findStaffByToken(row.tokenDigest)).toBeUndefined();
  });

  it('never share an id or a token', async () => {
    const row = staffOf('test-person');
    await place.store.insertStaff(row);
    expect(await place.store.insertStaff(staffOf('test-person', { tokenDigest: 'x' }))).toBe(false);
    const namesake = staffOf('other-person', { tokenDigest: row.tokenDigest });
    expect(await place.store.insertStaff(namesake)).toBe(false);
    expect((await place.store.listStaff(10, '')).items).toEqual([row]);
  });
});

onEachEngine('a list', (place) => {
  it('of referrals is by newest change, pending ones are counted', async () => {
    const rows = [];
    for (const i of [3, 1, 2]) {
      const row = rowOf({ changedAtMs: NOW_MS + i, localCode: null });
      const { referralId } = row;
      const insert = [
        ...[1, 2, 3].slice(0, i).map((seq) => messageOf(referralId, { seq })),
        messageOf(referralId, { seq: 9, receipt: 'r' }),
        messageOf(referralId, { seq: 10, placement: 'fork' }),
        messageOf(referralId, { author: 'peer' }),
      ];
      rows[3 - i] = await newReferral(place.store, row, { insert });
    }
    const list = (limit: number, cursor: string) => place.store.listReferrals(limit, cursor, 0);
    expect(await pagesOf(list, 2)).toEqual([rows.slice(0, 2), rows.slice(2)]);
    const since = await place.store.listReferrals(10, '', NOW_MS + 2);
    expect(since.items).toEqual(rows.slice(0, 2));
    const [three, two, one] = rows.map((row) => row.referralId);
    const ids = [one ?? '', three ?? '', two ?? '', three ?? '', uuid4()];
    const pending = await place.store.countPending(ids);
    expect(pending).toEqual(
      new Map([
        [one, 1],
        [two, 2],
        [three, 3],
      ]),
    );
    expect(await place.store.countPending([])).toEqual(new Map());
  });

  it('of cases is newest first, of staff and tasks oldest first', async () => {
    const codes = ['TEST-1', 'TEST-2', 'TEST-3'];
    for (const [i, code] of codes.entries()) {
      await place.store.insertCase(caseOf(code, { importedAtMs: NOW_MS + i }));
      await place.store.insertStaff(staffOf(code.toLowerCase(), { createdAtMs: NOW_MS - i }));
      const row = rowOf();
      const task = taskOf(row.referralId, { kind: code, createdAtMs: NOW_MS - i });
      await newReferral(place.store, row, { tasks: [task] });
    }
    const cases = (await place.store.listCases(10, '')).items.map((c) => c.localCode);
    const staff = (await place.store.listStaff(10, '')).items.map((s) => s.staffId);
    const tasks = (await place.store.listTasks(10, '')).items.map((t) => t.kind);
    expect([cases, tasks]).toEqual([codes.toReversed(), codes.toReversed()]);
    expect(staff).toEqual(['test-3', 'test-2', 'test-1']);
  });

  it('of equal times is by the bytes of the id, whatever the language of the database', async () => {
    const codes = ['test-a', 'TEST-B', 'test_c', 'TESTD', 'test-é', 'test-z'];
    for (const code of codes) await place.store.insertCase(caseOf(code));
    const pages = await pagesOf((limit, cursor) => place.store.listCases(limit, cursor), 1);
    const inBytes = codes.toSorted((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
    expect(pages.flat().map((c) => c.localCode)).toEqual(inBytes);
  });

  it('neither repeats nor skips an item when others come and change meanwhile', async () => {
    const rows = [];
    for (let i = 0; i < 6; i += 1) {
      rows.unshift(await newReferral(place.store, { changedAtMs: NOW_MS + i }));
    }
    const first = await place.store.listReferrals(3, '', 0);
    await newReferral(place.store, { changedAtMs: NOW_MS + 99 });
    const moved = rows[1] ?? rowOf();
    const change = changeOf({ expectVersion: 1, row: after(moved) });
    await place.store.commit(moved.referralId, change);
    const second = await place.store.listReferrals(3, first.nextCursor, 0);
    expect([first.items, second.items]).toEqual([rows.slice(0, 3), rows.slice(3)]);
    expect(second.nextCursor).toBe('');
  });

  it('is bounded, whatever is asked for', async () => {
    for (let i = 0; i < limits.pageItemsMax + 1; i += 1) {
      await place.store.insertCase(caseOf(`TEST-${i}`));
    }
    const length = async (limit: number) => (await place.store.listCases(limit, '')).items.length;
    expect(await length(1e9)).toBe(limits.pageItemsMax);
    expect(await length(0)).toBe(1);
    expect(await length(-7)).toBe(1);
    expect(await length(Number.NaN)).toBe(1);
    for (let i = 0; i < limits.pageItemsMax + 1; i += 1) await newReferral(place.store);
    expect(await place.store.referralsOfCase('TEST-1')).toHaveLength(limits.pageItemsMax);
  });

  it.each([
    'x',
    'MTIz',
    Buffer.from('-1 x').toString('base64url'),
    Buffer.from('1 xy').toString('base64'),
    Buffer.from("1 '; drop table staff; --").toString('base64url').slice(1),
    Buffer.from(`1 ${'x'.repeat(600)}`).toString('base64url'),
    Buffer.from('1 x\0').toString('base64url'),
  ])('refuses a cursor that no page gave: %s', async (cursor) => {
    const refusal = { code: 'SCHEMA_VIOLATION', message: expect.stringMatching(/^cursor: /) };
    await expect(place.store.listReferrals(10, cursor, 0)).rejects.toMatchObject(refusal);
    await expect(place.store.listStaff(10, cursor)).rejects.toMatchObject(refusal);
    await expect(place.store.listTasks(10, cursor)).rejects.toMatchObject(refusal);
    await expect(place.store.listCases(10, cursor)).rejects.toMatchObject(refusal);
  });
});
