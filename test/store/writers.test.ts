import { expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { Store } from '#store/open.ts';
import { onEachEngine, type Place } from './on-engines.ts';
import {
  after,
  changeOf,
  deliveryOf,
  eventOf,
  messageOf,
  NOW_MS,
  newReferral,
  newReferralOnItsWay,
  rowOf,
  sectionOf,
  taskOf,
} from './samples.ts';

const WRITERS = 4;
const EACH = 12;

/** Several stores on one database: on PostgreSQL with connections of their own. */
async function manyStores(place: Place): Promise<Store[]> {
  const others = Array.from({ length: WRITERS - 1 }, () => place.another());
  return [place.store, ...(await Promise.all(others))];
}

/** So many times at once, by the stores in turn. */
function atOnce<T>(
  times: number,
  stores: readonly Store[],
  work: (store: Store, i: number) => Promise<T>,
): Promise<T[]> {
  const turns = Array.from({ length: times }, (_, i) => stores[i % stores.length]);
  return Promise.all(turns.flatMap((store, i) => (store ? [work(store, i)] : [])));
}

/** As the exchange does: again from what is stored, until nobody was faster. */
async function append(store: Store, referralId: string, mark: string): Promise<void> {
  for (;;) {
    const { row, messages } = await store.load(referralId);
    if (!row) throw new Error('the referral is gone');
    const seq = (row.ownHead?.seq ?? 0) + 1;
    if (messages.some((m) => m.seq === seq)) continue; // read between two commits
    const message = messageOf(referralId, { seq, jws: `${mark} ${uuid4()}`, byStaff: mark });
    const next = after(row, { ownHead: { seq, digest: message.digest } });
    const change = changeOf({
      expectVersion: row.version,
      row: next,
      insert: [message],
      sections: [sectionOf(referralId, { seq })],
      deliveries: [deliveryOf(seq)],
      events: [eventOf(referralId, { seq })],
    });
    if (await store.commit(referralId, change)) return;
  }
}

async function countOf(place: Place, table: string): Promise<number> {
  const [row] = await place.database.query(`select count(*) as n from ${table}`);
  return Number(row?.['n']);
}

onEachEngine('writers at one time', (place) => {
  it('to one referral take each number once and lose nothing', async () => {
    const stores = await manyStores(place);
    const { referralId } = await newReferral(place.store);
    const marks = Array.from({ length: WRITERS * EACH }, (_, i) => `test-${i}`);
    await atOnce(marks.length, stores, (store, i) => append(store, referralId, `test-${i}`));
    const { row, messages } = await place.store.load(referralId);
    expect(messages.map((m) => m.seq)).toEqual(marks.map((_, i) => i + 1));
    expect(messages.map((m) => m.byStaff ?? '').toSorted()).toEqual(marks.toSorted());
    expect(row).toMatchObject({ version: marks.length + 1, ownHead: { seq: marks.length } });
    expect(await countOf(place, 'section')).toBe(marks.length);
    expect(await countOf(place, 'outbox')).toBe(marks.length);
  });

  it('of one new referral: one opens it, the others write nothing', async () => {
    const stores = await manyStores(place);
    const row = rowOf();
    const { referralId } = row;
    const wrote = await atOnce(20, stores, (store) => {
      const more = { insert: [messageOf(referralId)], events: [eventOf(referralId)] };
      return store.commit(referralId, changeOf({ row, ...more }));
    });
    expect(wrote.filter(Boolean)).toHaveLength(1);
    expect((await place.store.load(referralId)).messages).toHaveLength(1);
    expect(await countOf(place, 'outbox')).toBe(1);
  });

  it('of one early message keep it once', async () => {
    const stores = await manyStores(place);
    const referralId = uuid4();
    const early = messageOf(referralId, { author: 'peer', seq: 2, placement: 'parked' });
    const wrote = await atOnce(20, stores, (store) =>
      store.commit(referralId, changeOf({ insert: [early] })),
    );
    expect(wrote.filter(Boolean)).toHaveLength(1);
  });

  it('claim no delivery twice', async () => {
    const stores = await manyStores(place);
    for (let i = 0; i < 40; i += 1) await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    const claims = await atOnce(16, stores, (store) => store.claimDeliveries(NOW_MS, 4, 60_000));
    const ids = claims.flat().map((d) => d.referralId);
    for (const claim of claims) expect(claim.length).toBeLessThanOrEqual(4);
    expect(new Set(ids).size).toBe(ids.length);
    // Who skipped a locked row may have come back with less; the next one gets it.
    const rest = await place.store.claimDeliveries(NOW_MS, 40, 60_000);
    expect(ids.length + rest.length).toBe(40);
  });

  it('of one receipt keep the first and tell it once, while others append', async () => {
    const stores = await manyStores(place);
    const { referralId } = await newReferral(place.store);
    await append(place.store, referralId, 'test');
    await Promise.all([
      ...stores.map((store) => append(store, referralId, 'test')),
      ...stores.map((store, i) => {
        const event = eventOf(referralId, { what: 'receipt-verified' });
        return store.storeReceipt(referralId, 1, `receipt-${i}`, NOW_MS, [event]);
      }),
    ]);
    const { messages } = await place.store.load(referralId);
    expect(messages[0]?.receipt).toMatch(/^receipt-\d$/);
    const told = (await place.store.unpublishedEvents(100)).filter(
      ({ event }) => event.what === 'receipt-verified',
    );
    expect(told).toHaveLength(1);
    expect(messages).toHaveLength(WRITERS + 1);
  });

  it('that report one expired message write one task and one event', async () => {
    const stores = await manyStores(place);
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    await atOnce(8, stores, (store) => {
      const task = taskOf(referralId, { kind: 'not-delivered' });
      return store.reportUndelivered(referralId, 1, [task], [eventOf(referralId)]);
    });
    expect([await countOf(place, 'task'), await countOf(place, 'outbox')]).toEqual([1, 1]);
  });

  it('handle each event once between them', async () => {
    const stores = await manyStores(place);
    const row = rowOf();
    const events = Array.from({ length: 60 }, () => eventOf(row.referralId));
    await newReferral(place.store, row, { events });
    const ids = events.map((event) => event.eventId);
    const handled = await Promise.all(
      stores.map((store, i) => store.markHandled('tracker', i % 2 === 0 ? ids : ids.toReversed())),
    );
    expect(handled.flat().toSorted()).toEqual(ids.toSorted());
  });

  it('of one case, and of one person of the staff, are told which of them was first', async () => {
    const stores = await manyStores(place);
    const cases = stores.map((store, i) =>
      store.insertCase({
        localCode: 'TEST-1',
        sealed: `${i}`,
        importedAtMs: NOW_MS,
        erasedAtMs: null,
      }),
    );
    const staff = stores.map((store, i) =>
      store.insertStaff({
        staffId: `test-${i % 2}`,
        role: 'caseworker',
        tokenDigest: `token-${i % 3}`,
        createdAtMs: NOW_MS,
      }),
    );
    expect((await Promise.all(cases)).filter(Boolean)).toHaveLength(1);
    const added = (await Promise.all(staff)).filter(Boolean).length;
    expect((await place.store.listStaff(10, '')).items).toHaveLength(added);
    expect([1, 2]).toContain(added);
  });
});

onEachEngine('a job that fails', (place) => {
  it('hurts none of those that are committed with it, whatever it had written', async () => {
    const rows = Array.from({ length: 20 }, () => rowOf());
    const { referralId } = await newReferral(place.store);
    const jobs: Promise<unknown>[] = [];
    for (const row of rows) {
      jobs.push(
        place.store.commit(row.referralId, changeOf({ row, insert: [messageOf(row.referralId)] })),
      );
      // Three ways to fail late: by our own rule, by a CHECK, by a foreign key.
      const spoilt = rowOf();
      const event = eventOf(spoilt.referralId, { seq: 0 });
      jobs.push(place.store.commit(spoilt.referralId, changeOf({ row: spoilt, events: [event] })));
      const strange = rowOf({ status: 'no-such-status' as never });
      jobs.push(place.store.commit(strange.referralId, changeOf({ row: strange })));
      jobs.push(place.store.setDeadline(uuid4(), { kind: 'purge', dueAtMs: NOW_MS }));
      // And one that is refused, which is an answer.
      jobs.push(
        place.store.commit(
          referralId,
          changeOf({ expectVersion: 9, row: rowOf({ referralId, version: 10 }) }),
        ),
      );
    }
    const ended = await Promise.allSettled(jobs);
    const expected = ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'];
    expect(ended.map((e) => e.status)).toEqual(rows.flatMap(() => expected));
    const answers = ended.flatMap((e) => (e.status === 'fulfilled' ? [e.value] : []));
    expect(answers).toEqual(rows.flatMap(() => [true, false]));
    for (const row of rows) {
      expect(await place.store.load(row.referralId)).toMatchObject({ row, messages: [{ seq: 1 }] });
    }
    expect(await countOf(place, 'referral')).toBe(rows.length + 1);
    expect([await countOf(place, 'outbox'), await countOf(place, 'deadline')]).toEqual([0, 0]);
  });
});

onEachEngine('a store that is closed', (place) => {
  it('writes what it had taken, and takes no more', async () => {
    const store = await place.another();
    const rows = Array.from({ length: 80 }, () => rowOf());
    const wrote = rows.map((row) => store.commit(row.referralId, changeOf({ row })));
    await store[Symbol.asyncDispose]();
    expect(new Set(await Promise.all(wrote))).toEqual(new Set([true]));
    expect(await countOf(place, 'referral')).toBe(rows.length);
    const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining('closed') };
    await expect(store.load(uuid4())).rejects.toMatchObject(refusal);
    await expect(store.removeStaff('test')).rejects.toMatchObject(refusal);
    await expect(store.checks()).rejects.toMatchObject(refusal);
    await store[Symbol.asyncDispose]();
  });
});
