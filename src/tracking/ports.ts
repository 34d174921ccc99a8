// What tracking needs of the world: the outbox in SQL and a stream.
import type { TrackingEvent } from '#model/tracking-event.ts';

/** A row of the outbox. `position` grows without end; rows stay until pruned. */
export type OutboxRow = { position: number; event: TrackingEvent };

/** Where the stream stood when it was last seen to be whole. */
export type Watermark = { streamCreated: string; streamSeq: number; position: number };

export interface Outbox {
  /** Unpublished rows, oldest first, leased for `leaseMs` against other workers. */
  claimEvents(nowMs: number, max: number, leaseMs: number): Promise<OutboxRow[]>;
  markPublished(positions: number[]): Promise<void>;
  /** All rows after a position, oldest first: to publish a lost stream again. */
  eventsAfter(position: number, max: number): Promise<OutboxRow[]>;
  readWatermark(): Promise<Watermark | null>;
  saveWatermark(watermark: Watermark): Promise<void>;
  /** Event ids that a durable consumer has handled; true when new. */
  markHandled(consumer: string, eventId: string): Promise<boolean>;
  /** Unpublished rows, for the doctor. */
  countUnpublished(): Promise<number>;
}

/** The node's own stream. Every promise has a deadline inside. */
export interface EventStream {
  /** Resolves when the stream acknowledged; the event id is the message id. */
  publish(events: readonly { id: string; subject: string; json: string }[]): Promise<void>;
  /** Created and last sequence of the stream as it is now. */
  position(): Promise<{ streamCreated: string; streamSeq: number }>;
  /** A durable pull consumer with one filter subject and explicit ack. */
  consume(
    consumer: string,
    filterSubject: string,
    handle: (json: string) => Promise<void>,
  ): Promise<AsyncDisposable>;
  /** New events as they come (after an event id where given), for one watcher. */
  watch(filterSubject: string, signal: AbortSignal): AsyncIterable<string>;
}
