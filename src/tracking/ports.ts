// What tracking needs of the world: the outbox and the deadlines in SQL, and a stream.
import type { Deadline } from '#model/deadlines.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';

/** A row of the outbox. `position` grows without end; rows stay until pruned. */
export type OutboxRow = { position: number; event: TrackingEvent };

/**
 * Where the stream stood when it was last seen to be whole: it then held every
 * published row up to `position`.
 */
export type Watermark = { streamCreated: string; streamSeq: number; position: number };

export interface Outbox {
  /**
   * Unpublished rows, oldest first. Only a read, without a lease: one process
   * publishes for a node, and the stream drops a double by its message id.
   */
  unpublishedEvents(max: number): Promise<OutboxRow[]>;
  /** Rows and watermark in one transaction; no rows: the watermark alone. */
  markPublished(positions: number[], watermark: Watermark): Promise<void>;
  /** All rows after a position, oldest first: to publish a lost stream again. */
  eventsAfter(position: number, max: number): Promise<OutboxRow[]>;
  /** Position of an event by its id; null when it is unknown or pruned. */
  findPosition(eventId: string): Promise<number | null>;
  readWatermark(): Promise<Watermark | null>;
  /**
   * Marks events as handled by a durable consumer, in one transaction, and
   * returns those that were not yet (in the order given). Ids without a row in
   * this outbox are not returned: they are not ours.
   */
  markHandled(consumer: string, eventIds: string[]): Promise<string[]>;
  /** Unpublished rows, for the doctor. */
  countUnpublished(): Promise<number>;
}

export type DueDeadline = Deadline & { referralId: string };

export interface DeadlineStore {
  /** Those whose time has come, the oldest first. */
  dueDeadlines(nowMs: number, max: number): Promise<DueDeadline[]>;
  /** One that follows from no message; one of its kind is replaced. */
  setDeadline(referralId: string, deadline: Deadline): Promise<void>;
  /** Done; one that was set anew meanwhile stays. */
  finishDeadline(done: DueDeadline): Promise<void>;
  postponeDeadline(due: DueDeadline, toMs: number): Promise<void>;
}

export type StreamPosition = { streamCreated: string; streamSeq: number };

/** The node's own stream. Every promise has a deadline inside. */
export interface EventStream {
  /**
   * Resolves when the stream has acknowledged every event; the event id is the
   * message id. `stored` counts those that were no duplicates, `streamSeq` is
   * the highest sequence named.
   */
  publish(
    events: readonly { id: string; subject: string; json: string }[],
  ): Promise<{ streamSeq: number; stored: number }>;
  /** Created and last sequence of the stream as it is now; makes it where it is missing. */
  position(): Promise<StreamPosition>;
  isConnected(): boolean;
  /** Called after every new connection: the stream may have changed meanwhile. */
  onConnected(listener: () => void): void;
  /** A durable pull consumer with one filter subject and explicit ack, in batches. */
  consume(
    consumer: string,
    filterSubject: string,
    handle: (jsons: string[]) => Promise<void>,
  ): AsyncDisposable;
}
