import { expect, it } from 'vitest';

import { uuid7 } from '#crypto/digest.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { Store } from '#store/open.ts';
import { onEachEngine } from './on-engines.ts';
import { after, changeOf, eventOf, NOW_MS, newReferral, rowOf } from './samples.ts';

async function newEvents(store: Store, count: number): Promise<TrackingEvent[]> {
  const row = rowOf();
  const events = Array.from({ length: count }, (_, i) => eventOf(row.referralId, { seq: i + 1 }));
  await newReferral(store, row, { events });
  return events;
}

const watermark = (position: number) => ({ streamCreated: 'then', streamSeq: 7, position });

onEachEngine('the outbox', (place) => {
  it('gives events in the order of their commits, and so many as asked for', async () => {
    const events = [...(await newEvents(place.store, 3)), ...(await newEvents(place.store, 2))];
    const rows = await place.store.unpublishedEvents(10);
    expect(rows.map((row) => row.event)).toEqual(events);
    const positions = rows.map((row) => row.position);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(new Set(positions).size).toBe(5);
    expect(await place.store.unpublishedEvents(2)).toEqual(rows.slice(0, 2));
    expect(await place.store.eventsAfter(positions[1] ?? 0, 2)).toEqual(rows.slice(2, 4));
    expect(await place.store.eventsAfter(positions[4] ?? 0, 2)).toEqual([]);
  });

  it('counts and gives what is not published, and keeps what is', async () => {
    await newEvents(place.store, 3);
    const rows = await place.store.unpublishedEvents(10);
    const positions = rows.map((row) => row.position);
    await place.store.markPublished([positions[0] ?? 0, positions[2] ?? 0], watermark(3));
    expect(await place.store.unpublishedEvents(10)).toEqual([rows[1]]);
    expect(await place.store.countUnpublished()).toBe(1);
    expect(await place.store.eventsAfter(0, 10)).toEqual(rows);
  });

  it('marks more at once than one statement takes', async () => {
    await newEvents(place.store, 600);
    const rows = await place.store.eventsAfter(0, 1000);
    await place.store.markPublished(
      rows.slice(1).map((row) => row.position),
      watermark(1),
    );
    expect(await place.store.unpublishedEvents(10)).toEqual([rows[0]]);
  });

  it('remembers the last watermark, with or without rows', async () => {
    expect(await place.store.readWatermark()).toBeNull();
    await place.store.markPublished([], watermark(3));
    expect(await place.store.readWatermark()).toEqual(watermark(3));
    const later = { streamCreated: 'now', streamSeq: 2 ** 53 - 1, position: 1 };
    await place.store.markPublished([], later);
    expect(await place.store.readWatermark()).toEqual(later);
  });

  it('knows the position of its own events only', async () => {
    const [event] = await newEvents(place.store, 1);
    const [row] = await place.store.unpublishedEvents(1);
    expect(await place.store.findPosition(event?.eventId ?? '')).toBe(row?.position);
    expect(await place.store.findPosition(uuid7(NOW_MS))).toBeNull();
  });

  it('takes an event once', async () => {
    const row = rowOf();
    const event = eventOf(row.referralId);
    await newReferral(place.store, row, { events: [event] });
    const change = changeOf({ expectVersion: 1, row: after(row), events: [event] });
    expect(await place.store.commit(row.referralId, change)).toBe(true);
    expect(await place.store.countUnpublished()).toBe(1);
  });
});

onEachEngine('an event that came back from the stream', (place) => {
  it('is handled once by each consumer, in the order given', async () => {
    const [a = '', b = '', c = ''] = (await newEvents(place.store, 3)).map((e) => e.eventId);
    expect(await place.store.markHandled('tracker', [])).toEqual([]);
    expect(await place.store.markHandled('tracker', [c, a, c])).toEqual([c, a]);
    expect(await place.store.markHandled('tracker', [b, a, c])).toEqual([b]);
    expect(await place.store.markHandled('other', [a])).toEqual([a]);
  });

  it('is not handled where it is none of ours', async () => {
    const [event] = await newEvents(place.store, 1);
    const foreign = uuid7(NOW_MS);
    const ours = event?.eventId ?? '';
    expect(await place.store.markHandled('tracker', [foreign, ours])).toEqual([ours]);
  });

  it('is told apart among more than one statement takes', async () => {
    const ids = (await newEvents(place.store, 600)).map((event) => event.eventId);
    expect(await place.store.markHandled('tracker', ids.slice(0, 300))).toEqual(ids.slice(0, 300));
    expect(await place.store.markHandled('tracker', ids)).toEqual(ids.slice(300));
  });
});
