import { expect, it } from 'vitest';

import type { Delivery } from '#exchange/ports.ts';
import type { Store } from '#store/open.ts';
import { onEachEngine } from './on-engines.ts';
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
  taskOf,
} from './samples.ts';

const LEASE_MS = 60_000;

async function claimed(store: Store, nowMs = NOW_MS, max = 10): Promise<string[]> {
  const deliveries = await store.claimDeliveries(nowMs, max, LEASE_MS);
  return deliveries.map(({ referralId, seq }) => `${referralId} ${seq}`);
}

onEachEngine('a claim of deliveries', (place) => {
  it('gives the lowest number of each referral, and the next after its receipt', async () => {
    const { referralId: a } = await newReferralOnItsWay(
      place.store,
      [2, 1, 3].map((s) => deliveryOf(s)),
    );
    const { referralId: b } = await newReferralOnItsWay(place.store, [deliveryOf(7)]);
    expect((await claimed(place.store)).toSorted()).toEqual([`${a} 1`, `${b} 7`].toSorted());
    expect(await claimed(place.store)).toEqual([]);
    await place.store.storeReceipt(a, 1, 'receipt', NOW_MS, []);
    expect(await claimed(place.store)).toEqual([`${a} 2`]);
  });

  it('gives a withdrawal past all that waits before it', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [
      deliveryOf(1, { dueAtMs: NOW_MS + 9000 }),
      deliveryOf(2),
      deliveryOf(3, { overtakes: true }),
    ]);
    expect(await claimed(place.store)).toEqual([`${referralId} 3`]);
  });

  it('gives nothing before it is due, nor past an earlier one that is not', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [
      deliveryOf(1, { dueAtMs: NOW_MS + 1 }),
      deliveryOf(2),
    ]);
    expect(await claimed(place.store)).toEqual([]);
    expect(await claimed(place.store, NOW_MS + 1)).toEqual([`${referralId} 1`]);
  });

  it('leases: to nobody else before the lease ends, to anybody after', async () => {
    const leased = deliveryOf(1, { leasedUntilMs: NOW_MS + 10 });
    const { referralId } = await newReferralOnItsWay(place.store, [leased]);
    expect(await claimed(place.store, NOW_MS + 9)).toEqual([]);
    const [delivery] = await place.store.claimDeliveries(NOW_MS + 10, 1, LEASE_MS);
    const expected: Delivery = {
      referralId,
      seq: 1,
      overtakes: false,
      attempts: 0,
      dueAtMs: NOW_MS,
      leasedUntilMs: NOW_MS + 10 + LEASE_MS,
    };
    expect(delivery).toEqual(expected);
    expect(await claimed(place.store, NOW_MS + 9 + LEASE_MS)).toEqual([]);
    expect(await claimed(place.store, NOW_MS + 10 + LEASE_MS)).toEqual([`${referralId} 1`]);
  });

  it('takes what is due longest, and not more than asked for', async () => {
    const due: string[] = [];
    for (const lateMs of [3, 5, 1, 4, 2]) {
      const delivery = deliveryOf(1, { dueAtMs: NOW_MS - lateMs });
      const { referralId } = await newReferralOnItsWay(place.store, [delivery]);
      due[5 - lateMs] = `${referralId} 1`;
    }
    expect(await claimed(place.store, NOW_MS, 2)).toEqual(due.slice(0, 2));
    expect(await claimed(place.store, NOW_MS, 2)).toEqual(due.slice(2, 4));
    expect(await claimed(place.store, NOW_MS, 2)).toEqual(due.slice(4));
  });
});

onEachEngine('a start', (place) => {
  it('frees what an earlier run had leased, and makes nothing due before its time', async () => {
    const [leased, later] = [deliveryOf(1), deliveryOf(1, { dueAtMs: NOW_MS + 7 })];
    const { referralId: a } = await newReferralOnItsWay(place.store, [leased]);
    const { referralId: b } = await newReferralOnItsWay(place.store, [later]);
    expect(await claimed(place.store, NOW_MS + 7)).toEqual([`${a} 1`, `${b} 1`]);
    await place.store.freeDeliveries();
    expect(await claimed(place.store, NOW_MS + 6)).toEqual([`${a} 1`]);
    expect(await place.store.nextDeliveryMs()).toBe(NOW_MS + 7);
  });
});

onEachEngine('the next delivery', (place) => {
  it('is the earliest that may be claimed, by its due time or the end of its lease', async () => {
    expect(await place.store.nextDeliveryMs()).toBeNull();
    await newReferralOnItsWay(place.store, [
      deliveryOf(1, { dueAtMs: NOW_MS + 50, leasedUntilMs: NOW_MS + 40 }),
      deliveryOf(2, { dueAtMs: NOW_MS - 1 }),
    ]);
    expect(await place.store.nextDeliveryMs()).toBe(NOW_MS + 50);
    await newReferralOnItsWay(place.store, [deliveryOf(1, { leasedUntilMs: NOW_MS + 30 })]);
    expect(await place.store.nextDeliveryMs()).toBe(NOW_MS + 30);
  });
});

onEachEngine('a delivery that was tried', (place) => {
  it('without success counts the try, is free again and due later', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    await claimed(place.store);
    await place.store.postponeDelivery(referralId, 1, NOW_MS + 5000);
    expect(await claimed(place.store, NOW_MS + 4999)).toEqual([]);
    const [again] = await place.store.claimDeliveries(NOW_MS + 5000, 1, LEASE_MS);
    expect(again).toMatchObject({ seq: 1, attempts: 1, dueAtMs: NOW_MS + 5000 });
  });

  it('and has no receipt yet says so once, by a task and an event, and goes on', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1), deliveryOf(2)]);
    const task = () => taskOf(referralId, { kind: 'not-delivered' });
    const event = () => eventOf(referralId, { what: 'not-delivered' });
    await place.store.reportUndelivered(referralId, 1, [task()], [event()]);
    await place.store.reportUndelivered(referralId, 1, [task()], [event()]);
    await place.store.reportUndelivered(referralId, 2, [task()], [event()]);
    expect((await place.store.listTasks(10, '')).items).toHaveLength(1);
    expect(await place.store.unpublishedEvents(10)).toHaveLength(1);
    expect(await claimed(place.store)).toEqual([`${referralId} 1`]);
  });

  it('and has its receipt by now is not reported', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    await place.store.storeReceipt(referralId, 1, 'receipt', NOW_MS, []);
    const task = taskOf(referralId, { kind: 'not-delivered' });
    await place.store.reportUndelivered(referralId, 1, [task], [eventOf(referralId)]);
    expect((await place.store.listTasks(10, '')).items).toEqual([]);
    expect(await place.store.unpublishedEvents(10)).toEqual([]);
  });
});

onEachEngine('a receipt', (place) => {
  it('is kept with its time, ends the delivery, and tells it once', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    const event = () => eventOf(referralId, { what: 'receipt-verified' });
    await place.store.storeReceipt(referralId, 1, 'first', NOW_MS + 7, [event()]);
    await place.store.storeReceipt(referralId, 1, 'second', NOW_MS + 8, [event()]);
    const { messages } = await place.store.load(referralId);
    expect(messages).toMatchObject([{ receipt: 'first', receiptAtMs: NOW_MS + 7 }]);
    expect(await place.store.nextDeliveryMs()).toBeNull();
    expect(await place.store.unpublishedEvents(10)).toHaveLength(1);
  });

  it('is kept with our own message in its place, not with the partner’s or a fork', async () => {
    const row = rowOf();
    const { referralId } = row;
    const own = messageOf(referralId);
    const others = [
      messageOf(referralId, { placement: 'fork' }),
      messageOf(referralId, { author: 'peer' }),
      messageOf(referralId, { seq: 2 }),
    ];
    await newReferral(place.store, row, { insert: [own, ...others] });
    await place.store.storeReceipt(referralId, 1, 'receipt', NOW_MS, []);
    const { messages } = await place.store.load(referralId);
    expect(messages.filter((m) => m.receipt !== null).map((m) => m.digest)).toEqual([own.digest]);
  });

  it('does not make a change old that was computed before it came', async () => {
    const row = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    await place.store.storeReceipt(row.referralId, 1, 'receipt', NOW_MS, []);
    const change = changeOf({ expectVersion: 1, row: after(row) });
    expect(await place.store.commit(row.referralId, change)).toBe(true);
    const { messages } = await place.store.load(row.referralId);
    expect(messages[0]?.receipt).toBe('receipt');
  });
});

onEachEngine('what the partner has lost', (place) => {
  it('goes on its way again, in order and past the others as before', async () => {
    const row = rowOf();
    const { referralId } = row;
    const seqs = [1, 2, 3];
    const deliveries = seqs.map((seq) => deliveryOf(seq, { overtakes: seq === 3 }));
    const insert = seqs.map((seq) => messageOf(referralId, { seq }));
    await newReferral(place.store, row, { insert, deliveries });
    for (const seq of seqs) await place.store.storeReceipt(referralId, seq, 'r', NOW_MS, []);
    // 4 is not there; and nothing is sent that is not in its place.
    await place.store.redeliver(referralId, [1, 2, 3, 4], NOW_MS + 5, true);
    expect(await claimed(place.store, NOW_MS + 4)).toEqual([]);
    const again = await claimed(place.store, NOW_MS + 5);
    expect(again.toSorted()).toEqual([`${referralId} 1`, `${referralId} 3`]);
    const { messages } = await place.store.load(referralId);
    expect(messages.map((m) => m.receipt)).toEqual(['r', 'r', 'r']);
  });

  it('and is under way right now keeps its lease', async () => {
    const { referralId } = await newReferralOnItsWay(place.store, [deliveryOf(1)]);
    await place.store.postponeDelivery(referralId, 1, NOW_MS);
    await claimed(place.store);
    await place.store.redeliver(referralId, [1], NOW_MS + 5, true);
    expect(await claimed(place.store, NOW_MS + LEASE_MS - 1)).toEqual([]);
    const [delivery] = await place.store.claimDeliveries(NOW_MS + LEASE_MS, 1, LEASE_MS);
    expect(delivery).toMatchObject({ dueAtMs: NOW_MS + 5, attempts: 1 });
  });

  it('keeps the time of its next try where it waits for one and nothing is urgent', async () => {
    const row = rowOf();
    const { referralId } = row;
    const insert = [1, 2].map((seq) => messageOf(referralId, { seq }));
    await newReferral(place.store, row, { insert, deliveries: [deliveryOf(2)] });
    await place.store.postponeDelivery(referralId, 2, NOW_MS + 50);
    await place.store.redeliver(referralId, [1, 2], NOW_MS, false);
    // 1 was there no more, and goes at once.
    expect(await claimed(place.store, NOW_MS)).toEqual([`${referralId} 1`]);
    await place.store.storeReceipt(referralId, 1, 'r', NOW_MS, []);
    expect(await claimed(place.store, NOW_MS + 49)).toEqual([]);
    expect(await claimed(place.store, NOW_MS + 50)).toEqual([`${referralId} 2`]);
  });

  it('is never the partner’s own message, a parked one or a fork', async () => {
    const row = rowOf();
    const { referralId } = row;
    const insert = [
      messageOf(referralId, { author: 'peer' }),
      messageOf(referralId, { seq: 2, placement: 'parked' }),
      messageOf(referralId, { seq: 3, placement: 'fork' }),
    ];
    await newReferral(place.store, row, { insert });
    await place.store.redeliver(referralId, [1, 2, 3], NOW_MS, true);
    await place.store.redeliver(referralId, [], NOW_MS, true);
    expect(await place.store.nextDeliveryMs()).toBeNull();
  });
});
