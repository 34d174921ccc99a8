// The whole way of an event on real parts: SQL, nats-server, tracker.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { type Log, silentLog } from '#model/log.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import {
  clock,
  makeEvents,
  openOutbox,
  SOURCE,
  type TestOutbox,
  until,
} from '#test/tracking/test-events.ts';
import { readCloudEvent, writeCloudEvent } from '#tracking/cloud-event.ts';
import { startPublisher } from '#tracking/publisher.ts';
import { startTracker } from '#tracking/tracker.ts';

import { startTestNats, type TestNats } from './test-nats.ts';

type Flow = AsyncDisposable & {
  told: string[];
  commit(events: TrackingEvent[]): Promise<void>;
};

function startFlow(nats: TestNats, outbox: TestOutbox, log: Log = silentLog): Flow {
  const stack = new AsyncDisposableStack();
  const stream = stack.use(nats.connect(log));
  const told: string[] = [];
  const listeners = [(event: TrackingEvent) => void told.push(event.eventId)];
  stack.use(startTracker({ outbox, stream, log, listeners }));
  const publisher = stack.use(startPublisher({ outbox, stream, clock, log, source: SOURCE }));
  return {
    told,
    commit: async (events) => {
      await outbox.add(events);
      publisher.wake();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const idsOf = (events: TrackingEvent[]) => events.map((event) => event.eventId);
const storedIds = async (nats: TestNats) =>
  (await nats.readStream()).map((json) => readCloudEvent(json).event.eventId);

async function allPublished(outbox: TestOutbox): Promise<boolean> {
  return (await outbox.countUnpublished()) === 0;
}

describe('an event on its way', () => {
  it('comes to the listeners once, in the order of the commits', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    await using flow = startFlow(nats, outbox);
    const events = makeEvents(600);
    for (let i = 0; i < events.length; i += 40) await flow.commit(events.slice(i, i + 40));
    await until(() => flow.told.length === 600);
    expect(flow.told).toEqual(idsOf(events));
    expect(await storedIds(nats)).toEqual(idsOf(events));
    await until(() => allPublished(outbox));
  });

  it('waits in the outbox while NATS is down, says so once, and catches up', async () => {
    await using nats = await startTestNats();
    await nats.stop();
    await using outbox = await openOutbox();
    const lines: string[] = [];
    const say = (event: string) => void lines.push(event);
    await using flow = startFlow(nats, outbox, { info: say, warn: say, error: say });
    const events = makeEvents(300);
    for (const event of events) await flow.commit([event]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await outbox.countUnpublished()).toBe(300);
    await nats.start();
    await until(() => flow.told.length === 300);
    expect(flow.told).toEqual(idsOf(events));
    expect(lines.filter((line) => line === 'events-waiting')).toHaveLength(1);
    expect(lines).toContain('events-flowing');
  });

  it('is neither lost nor told twice when the server is killed in the middle', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    await using flow = startFlow(nats, outbox);
    const events = makeEvents(900);
    for (let i = 0; i < events.length; i += 3) {
      await flow.commit(events.slice(i, i + 3));
      if (i % 300 === 150) nats.kill();
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await until(() => flow.told.length >= 900);
    await until(() => allPublished(outbox));
    expect(flow.told.toSorted()).toEqual(idsOf(events).toSorted());
    expect(new Set(await storedIds(nats))).toEqual(new Set(idsOf(events)));
  });
});

describe('a stream that is not what it was', () => {
  it('is published again after it was deleted, and nobody hears an event twice', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    await using flow = startFlow(nats, outbox);
    const events = makeEvents(300);
    await flow.commit(events);
    await until(() => flow.told.length === 300);
    await until(() => allPublished(outbox));
    await nats.deleteStream();
    const later = makeEvents(1);
    await flow.commit(later);
    await until(() => flow.told.length === 301);
    expect(await storedIds(nats)).toEqual(idsOf([...events, ...later]));
    expect(flow.told).toEqual(idsOf([...events, ...later]));
  });

  it('is told from another of as many messages, and published into that', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    const events = makeEvents(50);
    {
      await using flow = startFlow(nats, outbox);
      await flow.commit(events);
      await until(() => flow.told.length === 50);
      await until(() => allPublished(outbox));
    }
    await nats.deleteStream();
    {
      await using stranger = nats.connect();
      await new Promise<void>((resolve) => stranger.onConnected(resolve));
      await stranger.position();
      await stranger.publish(makeEvents(60).map(writeRow));
    }
    await using _ = startFlow(nats, outbox);
    await until(async () => (await storedIds(nats)).length === 110);
    expect((await storedIds(nats)).slice(60)).toEqual(idsOf(events));
  });

  it('is published again after its files were lost while nothing happened', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    await using flow = startFlow(nats, outbox);
    const events = makeEvents(300);
    await flow.commit(events);
    await until(() => allPublished(outbox));
    await nats.stop();
    await nats.loseStore();
    await nats.start();
    await until(async () => (await storedIds(nats)).length === 300);
    expect(await storedIds(nats)).toEqual(idsOf(events));
    expect(flow.told).toEqual(idsOf(events));
  });

  it('is published again when it went back, though it was created as before', async () => {
    await using nats = await startTestNats();
    await using outbox = await openOutbox();
    await using flow = startFlow(nats, outbox);
    const early = makeEvents(10);
    await flow.commit(early);
    await until(() => flow.told.length === 10);
    await nats.stop();
    const kept = await nats.keepStore();
    await nats.start();
    const late = makeEvents(10);
    await flow.commit(late);
    await until(() => flow.told.length === 20);
    await until(() => allPublished(outbox));
    await nats.stop();
    await kept.putBack();
    await nats.start();
    await until(async () => new Set(await storedIds(nats)).size === 20);
    expect(flow.told).toEqual(idsOf([...early, ...late]));
  });

  it('is filled to the end by a node that was stopped in the middle of it', async () => {
    await using nats = await startTestNats();
    const folder = await mkdtemp(join(tmpdir(), 'srx-outbox-'));
    const file = join(folder, 'outbox.db');
    const events = makeEvents(600);
    {
      await using outbox = await openOutbox(file);
      await outbox.add(events);
      // As a crash between the mark and the next batch would leave it.
      const positions = (await outbox.unpublishedEvents(256)).map((row) => row.position);
      await using stream = nats.connect();
      await new Promise<void>((resolve) => stream.onConnected(resolve));
      const first = (await outbox.eventsAfter(0, 256)).map((row) => writeRow(row.event));
      await stream.position();
      const { streamSeq } = await stream.publish(first);
      const { streamCreated } = await stream.position();
      await outbox.markPublished([], { streamCreated, streamSeq, position: 0 });
      expect(positions).toHaveLength(256);
    }
    {
      await using outbox = await openOutbox(file);
      await using flow = startFlow(nats, outbox);
      await until(() => flow.told.length === 600);
      expect(await storedIds(nats)).toEqual(idsOf(events));
    }
    await rm(folder, { recursive: true });
  });
});

function writeRow(event: TrackingEvent) {
  return writeCloudEvent(event, SOURCE);
}
