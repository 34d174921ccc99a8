// Events to publish, an outbox on real SQL, and waiting for something to be true.
import { randomUUID } from 'node:crypto';

import type { TrackingEvent } from '#model/tracking-event.ts';
import { migrate } from '#store/migrations.ts';
import { insertEvents, outboxOn } from '#store/outbox.ts';
import { openSqlite } from '#store/sqlite-driver.ts';
import type { Outbox } from '#tracking/ports.ts';

export const SOURCE = 'https://harbour-home.example';
export const clock = { now: () => Date.now() };

export function makeEvent(fields: Partial<TrackingEvent> = {}): TrackingEvent {
  return {
    eventId: randomUUID(),
    timeMs: 1_767_225_600_000,
    what: 'step-sent',
    referralId: randomUUID(),
    partner: 'https://lantern-house.example',
    step: 'referralRequest',
    seq: 1,
    messageId: randomUUID(),
    status: 'requested',
    ...fields,
  };
}

export function makeEvents(count: number, fields: Partial<TrackingEvent> = {}): TrackingEvent[] {
  return Array.from({ length: count }, () => makeEvent(fields));
}

export type TestOutbox = Outbox & AsyncDisposable & { add(events: TrackingEvent[]): Promise<void> };

export async function openOutbox(file = ':memory:'): Promise<TestOutbox> {
  const engine = await openSqlite(file);
  await migrate(engine, clock);
  return {
    ...outboxOn(engine),
    add: (events) =>
      engine.write(function* () {
        yield* insertEvents(events);
      }),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

export async function until(
  isTrue: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const endMs = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
