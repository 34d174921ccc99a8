// Events on their way to the stream, written with the change that they tell of.
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { Outbox, Watermark } from '#tracking/ports.ts';

import type { Engine } from './engine.ts';
import { fromEvent, type NewOutboxRow, toOutboxRow } from './rows.ts';
import { atMost, type Job, listStatement, rowsStatement, statement } from './statement.ts';

export function outboxOn(engine: Engine): Outbox {
  return {
    unpublishedEvents: (max) =>
      engine.read(function* () {
        return (yield* unpublished({ max })).map(toOutboxRow);
      }),
    markPublished: (positions, watermark) =>
      engine.write(function* () {
        if (positions.length > 0) yield* setPublished({}, positions);
        yield* saveWatermark(watermark);
      }),
    eventsAfter: (position, max) =>
      engine.read(function* () {
        return (yield* after({ position, max })).map(toOutboxRow);
      }),
    findPosition: (eventId) =>
      engine.read(function* () {
        const [row] = yield* byEventId({ eventId });
        return row?.position ?? null;
      }),
    readWatermark: () =>
      engine.read(function* () {
        const [row] = yield* findWatermark({});
        return row ?? null;
      }),
    markHandled: (consumer, eventIds) =>
      engine.write(function* () {
        if (eventIds.length === 0) return [];
        const rows = yield* insertHandled({ consumer }, eventIds);
        const fresh = new Set(rows.map((row) => row.event_id));
        return [...new Set(eventIds)].filter((eventId) => fresh.has(eventId));
      }),
    countUnpublished: () =>
      engine.read(function* () {
        const [row] = yield* countRows({});
        return row?.rows ?? 0;
      }),
  };
}

export function* insertEvents(events: readonly TrackingEvent[]): Job<void> {
  if (events.length > 0) yield* insert(events.map(fromEvent));
}

const insert = rowsStatement(['event_id', 'published', 'event'], (db, rows: NewOutboxRow[]) =>
  db
    .insertInto('outbox')
    .values(rows)
    .onConflict((on) => on.column('event_id').doNothing()),
);

const unpublished = statement((db, p: { max: number }) =>
  db
    .selectFrom('outbox')
    .select(['position', 'event'])
    .where('published', '=', (eb) => eb.lit(0))
    .orderBy('position')
    .limit(atMost(p.max)),
);

const setPublished = listStatement((db, _: Record<never, never>, positions: number[]) =>
  db.updateTable('outbox').set({ published: 1 }).where('position', 'in', positions),
);

const after = statement((db, p: { position: number; max: number }) =>
  db
    .selectFrom('outbox')
    .select(['position', 'event'])
    .where('position', '>', p.position)
    .orderBy('position')
    .limit(atMost(p.max)),
);

const byEventId = statement((db, p: { eventId: string }) =>
  db.selectFrom('outbox').select('position').where('event_id', '=', p.eventId),
);

const countRows = statement((db, _: Record<never, never>) =>
  db
    .selectFrom('outbox')
    .select((eb) => eb.fn.countAll<number>().as('rows'))
    .where('published', '=', (eb) => eb.lit(0)),
);

const insertHandled = listStatement((db, p: { consumer: string }, eventIds: string[]) =>
  db
    .insertInto('handled_event')
    .columns(['consumer', 'event_id'])
    .expression((eb) =>
      eb
        .selectFrom('outbox')
        .select((own) => [own.cast<string>(own.val(p.consumer), 'text').as('consumer'), 'event_id'])
        .where('event_id', 'in', eventIds),
    )
    .onConflict((on) => on.doNothing())
    .returning('event_id'),
);

const findWatermark = statement((db, _: Record<never, never>) =>
  db
    .selectFrom('watermark')
    .select(['stream_created as streamCreated', 'stream_seq as streamSeq', 'position as position']),
);

const saveWatermark = statement((db, p: Watermark) =>
  db
    .insertInto('watermark')
    .values({
      watermark_id: 1,
      stream_created: p.streamCreated,
      stream_seq: p.streamSeq,
      position: p.position,
    })
    .onConflict((on) =>
      on.column('watermark_id').doUpdateSet((eb) => ({
        stream_created: eb.ref('excluded.stream_created'),
        stream_seq: eb.ref('excluded.stream_seq'),
        position: eb.ref('excluded.position'),
      })),
    ),
);
