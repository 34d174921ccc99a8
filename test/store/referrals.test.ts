import { expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { ReferralChange } from '#exchange/ports.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import { onEachEngine, type Place } from './on-engines.ts';
import {
  after,
  changeOf,
  deliveryOf,
  eventOf,
  messageOf,
  NOW_MS,
  newReferral,
  rowOf,
  sectionOf,
  taskOf,
} from './samples.ts';

/** A change with something of everything. */
function fullChange(referralId: string, seq = 1): Omit<ReferralChange, 'expectVersion' | 'row'> {
  return {
    insert: [messageOf(referralId, { seq })],
    place: [],
    sections: [sectionOf(referralId, { seq })],
    deliveries: [deliveryOf(seq)],
    events: [eventOf(referralId, { seq })],
    tasks: [taskOf(referralId, { kind: `kind-${seq}` })],
    doneTasks: [],
    deadlines: [],
    goneDeadlines: [],
  };
}

async function counts({ database }: Place): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const table of ['referral', 'message', 'section', 'delivery', 'task', 'outbox']) {
    const [row] = await database.query(`select count(*) as n from ${table}`);
    found[table] = Number(row?.['n']);
  }
  return found;
}

const ONE_OF_EACH = { referral: 1, message: 1, section: 1, delivery: 1, task: 1, outbox: 1 };

onEachEngine('a change of a referral', (place) => {
  it('is nothing before the first one', async () => {
    expect(await place.store.load(uuid4())).toEqual({ row: null, messages: [] });
  });

  it('keeps every field as it was given, and numbers as numbers', async () => {
    const head = { seq: 4096, digest: 'd'.repeat(43) };
    const row = rowOf({ ownHead: head, peerHead: { ...head, seq: 1 }, comparedBoot: 'boot' });
    const { referralId } = row;
    const messages = [
      messageOf(referralId, { byStaff: 'test-person', byRole: 'caseworker' }),
      messageOf(referralId, { author: 'peer', receipt: 'r', receiptAtMs: 253_402_300_799_000 }),
      messageOf(referralId, { author: 'peer', seq: 9, placement: 'parked' }),
    ];
    await newReferral(place.store, row, { insert: messages.toReversed() });
    expect(await place.store.load(referralId)).toEqual({ row, messages });
  });

  it('gives messages by author and number, a fork after the one it rivals', async () => {
    const { referralId } = await newReferral(place.store);
    const inOrder = [
      messageOf(referralId, { seq: 1 }),
      messageOf(referralId, { seq: 2 }),
      messageOf(referralId, { seq: 10 }),
      messageOf(referralId, { author: 'peer', seq: 1 }),
      messageOf(referralId, { author: 'peer', seq: 1, placement: 'fork' }),
      messageOf(referralId, { author: 'peer', seq: 2 }),
    ];
    const row = after(rowOf({ referralId }));
    const insert = [3, 5, 0, 2, 4, 1].map((i) => inOrder[i] ?? messageOf(referralId));
    expect(await place.store.commit(referralId, changeOf({ expectVersion: 1, row, insert }))).toBe(
      true,
    );
    expect((await place.store.load(referralId)).messages).toEqual(inOrder);
  });

  it('writes all of it together', async () => {
    const row = rowOf();
    const { referralId } = row;
    const change = fullChange(referralId);
    await newReferral(place.store, row, change);
    expect(await counts(place)).toEqual(ONE_OF_EACH);
    expect(await place.store.listSections(referralId)).toEqual(change.sections);
    expect((await place.store.listTasks(10, '')).items).toEqual(change.tasks);
    expect((await place.store.unpublishedEvents(10)).map((r) => r.event)).toEqual(change.events);
    expect(await place.store.claimDeliveries(NOW_MS, 10, 1000)).toMatchObject([{ referralId }]);
  });

  it('replaces the row but for the time of its creation', async () => {
    const row = await newReferral(place.store);
    const next = after(row, { status: 'received', side: 'receiving', localCode: null });
    const lied = { ...next, createdAtMs: 1 };
    await place.store.commit(row.referralId, changeOf({ expectVersion: 1, row: lied }));
    expect((await place.store.load(row.referralId)).row).toEqual(next);
  });

  it.each([
    ['an older version', 1],
    ['a version that is not there yet', 3],
    ['none at all', 0],
  ])('writes nothing when computed from %s', async (_, expectVersion) => {
    const row = rowOf();
    const { referralId } = row;
    await newReferral(place.store, row, fullChange(referralId));
    await place.store.commit(referralId, changeOf({ expectVersion: 1, row: after(row) }));
    const next = { ...after(row), version: expectVersion + 1 };
    const change = { expectVersion, row: next, ...fullChange(referralId, 2) };
    expect(await place.store.commit(referralId, change)).toBe(false);
    expect(await counts(place)).toEqual(ONE_OF_EACH);
    expect((await place.store.load(referralId)).row?.version).toBe(2);
  });

  it('writes nothing to a referral that is not there', async () => {
    const row = rowOf({ version: 2 });
    const change = { expectVersion: 1, row, ...fullChange(row.referralId) };
    expect(await place.store.commit(row.referralId, change)).toBe(false);
    expect(await counts(place)).toMatchObject({ referral: 0, message: 0, outbox: 0 });
  });

  it.each(['number', 'digest'] as const)('writes nothing when its %s is taken', async (what) => {
    const row = rowOf();
    const { referralId } = row;
    const first = fullChange(referralId);
    await newReferral(place.store, row, first);
    const rival = messageOf(referralId, { seq: what === 'number' ? 1 : 2 });
    if (what === 'digest') rival.digest = first.insert[0]?.digest ?? '';
    const second = { ...fullChange(referralId, 2), insert: [rival] };
    const change = { expectVersion: 1, row: after(row), ...second };
    expect(await place.store.commit(referralId, change)).toBe(false);
    expect(await counts(place)).toEqual(ONE_OF_EACH);
    expect((await place.store.load(referralId)).row).toEqual(row);
  });

  it('keeps a fork beside the message with its number, once', async () => {
    const row = rowOf();
    const { referralId } = row;
    await newReferral(place.store, row, { insert: [messageOf(referralId, { author: 'peer' })] });
    const fork = messageOf(referralId, { author: 'peer', placement: 'fork' });
    const change = changeOf({ expectVersion: 1, row: after(row), insert: [fork] });
    expect(await place.store.commit(referralId, change)).toBe(true);
    const again = changeOf({ expectVersion: 2, row: after(after(row)), insert: [fork] });
    expect(await place.store.commit(referralId, again)).toBe(false);
    expect((await place.store.load(referralId)).messages).toHaveLength(2);
  });

  it('writes more rows than one statement takes, together', async () => {
    const row = rowOf();
    const { referralId } = row;
    const seqs = Array.from({ length: 150 }, (_, i) => i + 1);
    const insert = seqs.map((seq) => messageOf(referralId, { seq }));
    const events = seqs.map((seq) => eventOf(referralId, { seq }));
    await newReferral(place.store, row, { insert, events });
    expect((await place.store.load(referralId)).messages).toEqual(insert);
    expect((await place.store.unpublishedEvents(256)).map((r) => r.event)).toEqual(events);
  });

  it('that an event spoils is not written, and says so', async () => {
    const row = rowOf();
    const { referralId } = row;
    const event = { ...eventOf(referralId), note: 'not on the list' } as TrackingEvent;
    const change = changeOf({ row, ...fullChange(referralId), events: [event] });
    await expect(place.store.commit(referralId, change)).rejects.toThrow('note');
    expect(await counts(place)).toMatchObject({ referral: 0, message: 0, delivery: 0 });
  });

  it('that names another referral, or skips a version, is a bug and thrown', async () => {
    const row = rowOf();
    const { referralId } = row;
    const foreign = changeOf({ row, insert: [messageOf(uuid4())] });
    expect(() => place.store.commit(referralId, foreign)).toThrow('names another');
    const skipped = changeOf({ row: { ...row, version: 2 } });
    expect(() => place.store.commit(referralId, skipped)).toThrow('version');
  });
});

onEachEngine('messages before their referral', (place) => {
  it('are kept without a row, and found with the referral', async () => {
    const referralId = uuid4();
    const early = messageOf(referralId, { author: 'peer', seq: 3, placement: 'parked' });
    expect(await place.store.commit(referralId, changeOf({ insert: [early] }))).toBe(true);
    expect(await place.store.load(referralId)).toEqual({ row: null, messages: [early] });
    expect(await place.store.commit(referralId, changeOf({ insert: [early] }))).toBe(false);
  });

  it('are not parked once the referral is there', async () => {
    const { referralId } = await newReferral(place.store);
    const late = messageOf(referralId, { author: 'peer', seq: 3, placement: 'parked' });
    expect(await place.store.commit(referralId, changeOf({ insert: [late] }))).toBe(false);
  });

  it('take their places with the receipt that was given, at the time it was given', async () => {
    const row = rowOf({ side: 'receiving' });
    const { referralId } = row;
    const parked = { author: 'peer', placement: 'parked' } as const;
    const early = messageOf(referralId, { ...parked, seq: 2, receipt: 'e', receiptAtMs: NOW_MS });
    const silent = messageOf(referralId, { ...parked, seq: 3 });
    const waiting = messageOf(referralId, { ...parked, seq: 9 });
    await place.store.commit(referralId, changeOf({ insert: [early, silent, waiting] }));
    place.clock.ms += 5000;
    const first = messageOf(referralId, { author: 'peer', seq: 1 });
    const at = ({ seq, digest }: typeof early, receipt: string) => ({
      author: 'peer' as const,
      seq,
      digest,
      receipt,
    });
    const placed2 = [at(early, 'e'), at(silent, 's')];
    await newReferral(place.store, row, { insert: [first], place: placed2 });
    expect((await place.store.load(referralId)).messages).toEqual([
      first,
      { ...early, placement: 'placed' },
      { ...silent, placement: 'placed', receipt: 's', receiptAtMs: NOW_MS + 5000 },
      waiting,
    ]);
  });

  it('that have their places keep their receipts, byte for byte', async () => {
    const row = rowOf();
    const { referralId } = row;
    const placed = messageOf(referralId, { author: 'peer', receipt: 'first', receiptAtMs: 1 });
    await newReferral(place.store, row, { insert: [placed] });
    const { seq, digest } = placed;
    const again = [{ author: 'peer' as const, seq, digest, receipt: 'second' }];
    await place.store.commit(
      referralId,
      changeOf({ expectVersion: 1, row: after(row), place: again }),
    );
    expect((await place.store.load(referralId)).messages).toEqual([placed]);
  });
});

onEachEngine('a stored message', (place) => {
  it('is found by its digest, and by its id the one that came first', async () => {
    const row = rowOf();
    const { referralId } = row;
    const first = messageOf(referralId, { author: 'peer', storedAtMs: NOW_MS });
    const { messageId } = first;
    const fork = { author: 'peer', placement: 'fork', messageId } as const;
    const later = messageOf(referralId, { ...fork, jws: 'other', storedAtMs: NOW_MS + 1 });
    await newReferral(place.store, row, { insert: [later, first] });
    expect(await place.store.findMessage(later.digest)).toEqual(later);
    expect(await place.store.findMessageById(messageId)).toEqual(first);
    expect(await place.store.findMessage('nothing')).toBeUndefined();
    expect(await place.store.findMessageById(uuid4())).toBeUndefined();
  });
});

onEachEngine('heads', (place) => {
  it('of all referrals with one partner are given page by page, ended ones too', async () => {
    const partner = 'https://partner-of-many.example';
    const ids = Array.from({ length: 4 }, (_, i) => `${i}0000000-0000-4000-8000-00000000cafe`);
    for (const referralId of ids) {
      await newReferral(place.store, { referralId, partner, status: 'declined' });
    }
    await newReferral(place.store, { partner: 'https://another.example' });
    const page = async (from: string) =>
      (await place.store.listHeads(partner, from, 3)).map((heads) => heads.referralId);
    expect(await page('')).toEqual(ids.slice(0, 3));
    expect(await page(ids[2] ?? '')).toEqual(ids.slice(3));
    expect(await page(ids[3] ?? '')).toEqual([]);
  });

  it('come with what is beside the chains and what has no receipt', async () => {
    const row = rowOf({ ownHead: { seq: 2, digest: 'own' }, peerHead: { seq: 1, digest: 'peer' } });
    const { referralId, partner } = row;
    const insert = [
      messageOf(referralId, { author: 'own', seq: 1, receipt: 'given' }),
      messageOf(referralId, { author: 'own', seq: 2, receipt: null }),
      messageOf(referralId, { author: 'peer', seq: 1, receipt: null }),
      messageOf(referralId, { author: 'peer', seq: 3, receipt: null, placement: 'parked' }),
      messageOf(referralId, { author: 'own', seq: 2, receipt: null, placement: 'fork' }),
    ];
    await newReferral(place.store, row, { insert });
    const { ownHead, peerHead } = row;
    expect(await place.store.findHeads([referralId, uuid4()])).toEqual([
      { referralId, partner, ownHead, peerHead, beside: 2, pending: 1 },
    ]);
  });

  it('marked as compared make every change old that was computed before', async () => {
    const row = await newReferral(place.store);
    const { referralId } = row;
    await place.store.markCompared(referralId, 'boot');
    await place.store.markCompared(referralId, 'boot');
    const stored = (await place.store.load(referralId)).row;
    expect(stored).toMatchObject({ comparedBoot: 'boot', version: 2 });
    const change = changeOf({ expectVersion: 1, row: after(row) });
    expect(await place.store.commit(referralId, change)).toBe(false);
  });
});

onEachEngine('sections', (place) => {
  it('are given for one message or for all, by message and name', async () => {
    const row = rowOf();
    const { referralId } = row;
    const [health, danger, peers, other] = [
      sectionOf(referralId, { section: 'health', seq: 2 }),
      sectionOf(referralId, { section: 'danger', seq: 2 }),
      sectionOf(referralId, { section: 'workers', author: 'peer' }),
      sectionOf(referralId, { section: 'minimum', seq: 1 }),
    ];
    await newReferral(place.store, row, { sections: [health, danger, peers, other] });
    expect(await place.store.loadSections(referralId, 'own', 2)).toEqual([danger, health]);
    expect(await place.store.loadSections(referralId, 'own', 3)).toEqual([]);
    expect(await place.store.listSections(referralId)).toEqual([other, danger, health, peers]);
    expect(await place.store.listSections(uuid4())).toEqual([]);
  });

  it('that are erased keep their digest and nothing of their ciphertext', async () => {
    const row = rowOf();
    const { referralId } = row;
    const [kept, gone] = [sectionOf(referralId), sectionOf(referralId, { section: 'health' })];
    await newReferral(place.store, row, { sections: [kept, gone] });
    const erased = { ...gone, sealed: null };
    await place.store.commit(
      referralId,
      changeOf({ expectVersion: 1, row: after(row), sections: [erased] }),
    );
    expect(await place.store.loadSections(referralId, 'own', 1)).toEqual([erased, kept]);
  });
});

onEachEngine('tasks', (place) => {
  it('are one of a kind for a referral, and come again after they were done', async () => {
    const row = rowOf();
    const { referralId } = row;
    const first = taskOf(referralId);
    await newReferral(place.store, row, { tasks: [first, taskOf(referralId)] });
    const other = await newReferral(place.store);
    const next = after(other);
    const theirs = [taskOf(other.referralId)];
    await place.store.commit(
      other.referralId,
      changeOf({ expectVersion: 1, row: next, tasks: theirs }),
    );
    expect((await place.store.listTasks(10, '')).items).toHaveLength(2);
    const again = taskOf(referralId, { createdAtMs: NOW_MS + 1 });
    const done = { doneTasks: ['answer-request', 'no-such-kind'], tasks: [again] };
    await place.store.commit(referralId, changeOf({ expectVersion: 1, row: after(row), ...done }));
    expect((await place.store.listTasks(10, '')).items).toEqual([...theirs, again]);
  });
});
