// The node's own stream on JetStream, as tracking asks for it.
import { jetstream, type StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import type { EventStream, StreamPosition } from '#tracking/ports.ts';

import { type NatsAddress, NatsLink } from './connection.ts';
import { startConsumer } from './consumer.ts';
import { ensureStream, STREAM_NAME, unavailable } from './stream-upkeep.ts';

/** Servers such as nats://127.0.0.1:4222. */
export type EventStreamParts = NatsAddress & { log: Log };

/** Starts at once and connects when it can; see EventStream for the rest. */
export function connectEventStream(parts: EventStreamParts): EventStream & AsyncDisposable {
  const { log } = parts;
  const link = new NatsLink(parts, log);
  let ensuring: Promise<StreamInfo> | undefined;
  // Together: two at once could each throw away what the other has made.
  const ensure = () => {
    ensuring ??= ensureStream(link.connection, log).finally(() => {
      ensuring = undefined;
    });
    return ensuring;
  };
  return {
    publish: async (events) => publish(link.connection, events),
    position: async () => positionOf(await ensure()),
    isConnected: () => link.isConnected,
    onConnected: (listener) => link.onConnected(() => listener()),
    consume: (name, filterSubject, handle) =>
      startConsumer({ link, ensure, stream: STREAM_NAME, name, filterSubject, handle, log }),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

type Outgoing = Parameters<EventStream['publish']>[0];

async function publish(
  connection: NatsConnection,
  events: Outgoing,
): Promise<{ streamSeq: number; stored: number }> {
  const client = jetstream(connection, { timeout: limits.natsCallMs });
  // All are on their way before the first is acknowledged.
  const acks = await Promise.allSettled(
    events.map(({ id, subject, json }) =>
      client.publish(subject, json, { msgID: id, expect: { streamName: STREAM_NAME } }),
    ),
  );
  let streamSeq = 0;
  let stored = 0;
  for (const ack of acks) {
    if (ack.status === 'rejected') throw unavailable(ack.reason);
    streamSeq = Math.max(streamSeq, ack.value.seq);
    if (!ack.value.duplicate) stored += 1;
  }
  return { streamSeq, stored };
}

function positionOf(info: StreamInfo): StreamPosition {
  return { streamCreated: info.created, streamSeq: info.state.last_seq };
}
