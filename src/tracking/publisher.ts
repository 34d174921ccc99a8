// Carries the outbox to the stream. SQL is the truth: a stream that was wiped,
// made anew or went back is published again from the outbox.
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { type OutgoingEvent, writeCloudEvent } from './cloud-event.ts';
import { Pause } from './pause.ts';
import type { EventStream, Outbox, OutboxRow, Watermark } from './ports.ts';

export type PublisherParts = {
  outbox: Outbox;
  stream: EventStream;
  clock: Clock;
  log: Log;
  /** Entity id of this organisation. */
  source: string;
};

/** `wake` is called after a commit that wrote events; it costs nothing. */
export type Publisher = { wake(): void } & AsyncDisposable;

export function startPublisher(parts: PublisherParts): Publisher {
  const run = new PublisherRun(parts);
  const ended = run.untilStopped();
  return {
    wake: () => run.commits.ring(),
    [Symbol.asyncDispose]: async () => {
      run.stop();
      await ended;
    },
  };
}

class PublisherRun {
  /** Rung after commits. */
  readonly commits = new Pause();
  /** Rung when it may be worth to try again: a connection, or the end. */
  readonly #retries = new Pause();
  readonly #parts: PublisherParts;
  #stopped = false;
  #failures = 0;
  /** Null: the stream has to be compared with the stored watermark first. */
  #watermark: Watermark | null = null;
  #comparedAtMs = 0;
  /** Grows with every connection: what was compared before it is stale. */
  #connection = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    parts.stream.onConnected(() => {
      this.#connection += 1;
      this.#watermark = null;
      this.#retries.ring();
      this.commits.ring();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retries.ring();
    this.commits.ring();
  }

  async untilStopped(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#publishUntilEmpty();
        await this.#untilMore();
      } catch (cause) {
        if (!this.#stopped) await this.#waitAfterFailure(cause);
      }
    }
  }

  async #publishUntilEmpty(): Promise<void> {
    for (let more = true; more && !this.#stopped; ) {
      const watermark = this.#watermark ?? (await this.#compare());
      const rows = await this.#parts.outbox.unpublishedEvents(limits.outboxBatchMax);
      if (rows.length > 0) await this.#publishRows(rows, watermark);
      more = rows.length === limits.outboxBatchMax;
    }
    if (this.#failures > 0) this.#parts.log.info('events-flowing');
    this.#failures = 0;
  }

  async #untilMore(): Promise<void> {
    const rung = await this.commits.sleep(limits.publishPollMs);
    // Commits come in crowds: one publication for all of the next moment.
    if (rung && !this.#stopped) await new Pause().sleep(limits.publishGatherMs);
    const ageMs = Math.abs(this.#parts.clock.now() - this.#comparedAtMs);
    if (ageMs > limits.streamCheckMs) this.#watermark = null;
  }

  async #waitAfterFailure(cause: unknown): Promise<void> {
    // One line for an outage, however long it lasts.
    if (this.#failures === 0) {
      const code = cause instanceof Refusal ? cause.code : 'INTERNAL';
      this.#parts.log.warn('events-waiting', { code });
    }
    this.#watermark = null;
    const step = Math.min(this.#failures, limits.publishBackoffMs.length - 1);
    const backoffMs = limits.publishBackoffMs[step] ?? 0;
    this.#failures += 1;
    await this.#retries.sleep(backoffMs * (0.5 + Math.random() / 2));
  }

  /**
   * The stream beside the watermark. It may be ahead (a crash before the marks
   * were saved), never behind and never another one.
   */
  async #compare(): Promise<Watermark> {
    const { outbox, stream, clock, log } = this.#parts;
    const connection = this.#connection;
    const found = await stream.position();
    const stored = await outbox.readWatermark();
    const isWhole =
      stored !== null &&
      stored.streamCreated === found.streamCreated &&
      stored.streamSeq <= found.streamSeq;
    if (stored !== null && !isWhole) log.warn('stream-lost', { streamSeq: found.streamSeq });
    const watermark = { ...found, position: isWhole ? stored.position : 0 };
    // Before anything is published: a crash in between begins again from here.
    if (!isWhole) await outbox.markPublished([], watermark);
    const current = await this.#publishAfter(watermark);
    this.#comparedAtMs = clock.now();
    if (connection === this.#connection) this.#watermark = current;
    return current;
  }

  async #publishAfter(watermark: Watermark): Promise<Watermark> {
    let current = watermark;
    for (;;) {
      const rows = await this.#parts.outbox.eventsAfter(current.position, limits.outboxBatchMax);
      if (rows.length === 0 || this.#stopped) return current;
      current = await this.#publishRows(rows, current);
    }
  }

  async #publishRows(rows: OutboxRow[], before: Watermark): Promise<Watermark> {
    const { outbox, stream } = this.#parts;
    const events = rows.flatMap((row) => this.#write(row));
    const done = events.length > 0 ? await stream.publish(events) : { streamSeq: 0, stored: 0 };
    const lostTail = done.stored > 0 && done.streamSeq < before.streamSeq + done.stored;
    const positions = rows.map((row) => row.position);
    const after = {
      streamCreated: before.streamCreated,
      streamSeq: lostTail ? done.streamSeq : Math.max(before.streamSeq, done.streamSeq),
      position: lostTail ? 0 : Math.max(before.position, ...positions),
    };
    await outbox.markPublished(positions, after);
    if (lostTail) {
      this.#parts.log.warn('stream-lost', { streamSeq: done.streamSeq });
      this.#watermark = null;
      return after;
    }
    if (this.#watermark !== null) this.#watermark = after;
    return after;
  }

  /** A row that breaks the allow-list is a bug; it must not stop the others. */
  #write(row: OutboxRow): OutgoingEvent[] {
    try {
      return [writeCloudEvent(row.event, this.#parts.source)];
    } catch {
      this.#parts.log.error('event-unpublishable', { position: row.position });
      return [];
    }
  }
}
