import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import { readCloudEvent, writeCloudEvent } from '#tracking/cloud-event.ts';
import { createWatchers, type Watchers } from '#tracking/watch.ts';

import { makeEvent, makeEvents, openOutbox, SOURCE, type TestOutbox } from './test-events.ts';

const tell = (watchers: Watchers, events: TrackingEvent[]) => {
  for (const event of events) watchers.listener(event, writeCloudEvent(event, SOURCE).json);
};
const idsOf = (events: TrackingEvent[]) => events.map((event) => event.eventId);

async function take(live: AsyncGenerator<string>, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const next = await live.next();
    if (next.done) break;
    ids.push(readCloudEvent(next.value).event.eventId);
  }
  return ids;
}

/** Begins to watch: a generator does nothing before it is asked the first time. */
async function watching(watchers: Watchers, request: Parameters<Watchers['watch']>[0]) {
  const live = watchers.watch(request);
  const first = live.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { live, first };
}

async function open(): Promise<{ outbox: TestOutbox; watchers: Watchers; abort: AbortController }> {
  const outbox = await openOutbox();
  return {
    outbox,
    watchers: createWatchers({ outbox, source: SOURCE }),
    abort: new AbortController(),
  };
}

describe('a watcher', () => {
  it('gets what comes after it began, in order, until its signal', async () => {
    const { watchers, abort } = await open();
    const { live, first } = await watching(watchers, { signal: abort.signal });
    const events = makeEvents(5);
    tell(watchers, events);
    const told = [
      readCloudEvent((await first).value ?? '').event.eventId,
      ...(await take(live, 4)),
    ];
    expect(told).toEqual(idsOf(events));
    const last = live.next();
    abort.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('gets nothing of another referral when it asked for one', async () => {
    const { outbox, watchers, abort } = await open();
    const [one, two, three] = [makeEvent(), makeEvent(), makeEvent()];
    const mine = makeEvent({ referralId: one.referralId });
    await outbox.add([one, two, mine]);
    const request = {
      referralId: one.referralId,
      afterEventId: one.eventId,
      signal: abort.signal,
    };
    const live = watchers.watch(request);
    expect(await take(live, 1)).toEqual([mine.eventId]);
    const next = take(live, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const later = makeEvent({ referralId: one.referralId });
    tell(watchers, [three, later]);
    expect(await next).toEqual([later.eventId]);
  });

  it('first gets what it missed, then what comes, and no event of both twice', async () => {
    const { outbox, watchers, abort } = await open();
    const events = makeEvents(600);
    await outbox.add(events);
    const live = watchers.watch({ afterEventId: events[99]?.eventId, signal: abort.signal });
    const head = await take(live, 300);
    // Published while the watcher is still reading what it missed.
    const later = makeEvents(2);
    await outbox.add(later);
    tell(watchers, [...events.slice(550), ...later]);
    const ids = [...head, ...(await take(live, 202))];
    expect(ids).toEqual(idsOf([...events.slice(100), ...later]));
    const rest = live.next();
    watchers.close();
    expect((await rest).done).toBe(true);
  });

  it('is told when the event id that it names is unknown', async () => {
    const { watchers, abort } = await open();
    const live = watchers.watch({ afterEventId: makeEvent().eventId, signal: abort.signal });
    await expect(live.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is ended with a reason when it reads too slowly, and the others go on', async () => {
    const { watchers, abort } = await open();
    const slow = await watching(watchers, { signal: abort.signal });
    const quick = await watching(watchers, { signal: abort.signal });
    const events = makeEvents(limits.watchQueueMax + 2);
    const quickIds = take(quick.live, events.length - 1);
    for (const event of events) {
      tell(watchers, [event]);
      await Promise.resolve();
      if (events.indexOf(event) % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await quickIds).toHaveLength(events.length - 1);
    await slow.first;
    await expect(slow.live.next()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('is refused when there are too many, and let in when one has left', async () => {
    const { watchers, abort } = await open();
    const all = [];
    for (let i = 0; i < limits.watchersMax; i += 1) {
      const live = watchers.watch({ signal: abort.signal });
      all.push({ live, first: live.next() });
    }
    const more = () => watchers.watch({ signal: abort.signal });
    await expect(more().next()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const event = makeEvent();
    tell(watchers, [event]);
    await all[0]?.first;
    await all[0]?.live.return();
    const next = more().next();
    await new Promise((resolve) => setTimeout(resolve, 10));
    tell(watchers, [event]);
    expect((await next).done).toBe(false);
  });

  it('ends at once when its signal was given before', async () => {
    const { watchers, abort } = await open();
    abort.abort();
    expect((await watchers.watch({ signal: abort.signal }).next()).done).toBe(true);
  });
});
