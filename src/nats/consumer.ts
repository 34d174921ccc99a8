// A durable pull consumer that is kept alive: made again after every connection
// and wherever it was lost, handling messages in batches with explicit acks.
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';

import type { NatsLink } from './connection.ts';

export type ConsumerParts = {
  link: NatsLink;
  /** Makes the stream where it is missing. */
  ensure: () => Promise<unknown>;
  stream: string;
  /** Of the durable. */
  name: string;
  /** One only: several need a server of 2.10. */
  filterSubject: string;
  handle: (jsons: string[]) => Promise<void>;
  log: Log;
};

export function startConsumer(parts: ConsumerParts): AsyncDisposable {
  const run = new ConsumerRun(parts);
  parts.link.onConnected((connection) => void run.follow(connection));
  return { [Symbol.asyncDispose]: () => run.stop() };
}

class ConsumerRun {
  readonly #parts: ConsumerParts;
  readonly #queue: JsMsg[] = [];
  #messages: ConsumerMessages | undefined;
  #draining: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#messages?.stop();
    await this.#draining;
  }

  /** Until the connection ends; the next one follows anew. */
  async follow(connection: NatsConnection): Promise<void> {
    while (!this.#stopped && !connection.isClosed()) {
      try {
        const messages = await this.#open(connection);
        this.#messages = messages;
        if (this.#stopped) messages.stop();
        await messages.closed();
      } catch {
        if (connection.isClosed() || this.#stopped) return;
        this.#parts.log.warn('consumer-lost', { consumer: this.#parts.name });
      }
      await sleep(this.#stopped ? 0 : limits.natsReconnectMs / 4);
    }
  }

  async #open(connection: NatsConnection): Promise<ConsumerMessages> {
    const { stream, name, filterSubject } = this.#parts;
    await this.#parts.ensure();
    const client = jetstream(connection, { timeout: limits.natsCallMs });
    const manager = await client.jetstreamManager(false);
    await manager.consumers.add(stream, {
      durable_name: name,
      filter_subject: filterSubject,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(limits.natsAckWaitMs),
      max_deliver: limits.natsDeliverMax,
      max_ack_pending: 4 * limits.natsBatchMax,
    });
    const consumer = await client.consumers.get(stream, name);
    return await consumer.consume({
      max_messages: limits.natsBatchMax,
      expires: limits.natsPullExpiresMs,
      abort_on_missing_resource: true,
      callback: (message) => this.#take(message),
    });
  }

  #take(message: JsMsg): void {
    if (this.#stopped) return;
    this.#queue.push(message);
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
  }

  async #drain(): Promise<void> {
    // Events come in crowds; handled together they cost one transaction.
    await sleep(limits.natsGatherMs);
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, limits.natsBatchMax);
      // One by one when it is tried again, so that one bad event stands alone.
      if (batch.some((message) => message.redelivered)) {
        for (const message of batch) await this.#handle([message]);
      } else {
        await this.#handle(batch);
      }
    }
  }

  async #handle(batch: JsMsg[]): Promise<void> {
    try {
      await this.#parts.handle(batch.map((message) => message.string()));
    } catch {
      for (const message of batch) this.#putOff(message);
      return;
    }
    for (const message of batch) message.ack();
  }

  #putOff(message: JsMsg): void {
    const { deliveryCount, streamSequence } = message.info;
    const fields = { consumer: this.#parts.name, streamSeq: streamSequence };
    if (deliveryCount >= limits.natsDeliverMax) {
      this.#parts.log.error('event-given-up', fields);
      message.term();
      return;
    }
    if (deliveryCount === 1) this.#parts.log.warn('event-put-off', fields);
    const step = Math.min(deliveryCount, limits.publishBackoffMs.length) - 1;
    message.nak(limits.publishBackoffMs[step] ?? 0);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
