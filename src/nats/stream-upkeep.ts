// The stream made and mended: a projection of the outbox that can be thrown away
// and made again, never the truth.
import {
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

export const STREAM_NAME = 'SRX';
const SUBJECTS = ['srx.v1.>'];

/** The stream, made or mended where it has to be. */
export async function ensureStream(connection: NatsConnection, log: Log): Promise<StreamInfo> {
  try {
    const manager = await jetstreamManager(connection, {
      timeout: limits.natsCallMs,
      checkAPI: false,
    });
    const found = await findStream(manager);
    if (found === undefined) return await manager.streams.add(STREAM);
    if (!hasHoles(found)) return found;
    // Made anew and not only filled: the server still remembers the message ids
    // of what was purged, and would take them for doubles.
    log.warn('stream-has-holes', { messages: found.state.messages });
    await manager.streams.delete(STREAM_NAME);
    return await manager.streams.add(STREAM);
  } catch (cause) {
    throw unavailable(cause);
  }
}

const STREAM = {
  name: STREAM_NAME,
  subjects: SUBJECTS,
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_msgs: limits.streamMessagesMax,
  max_bytes: limits.streamBytesMax,
  max_msg_size: 2 * limits.eventBytesMax, // with its headers
  duplicate_window: nanos(limits.streamDuplicateWindowMs),
  num_replicas: 1,
};

async function findStream(manager: JetStreamManager): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(STREAM_NAME);
  } catch (cause) {
    const isMissing =
      cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.StreamNotFound;
    if (isMissing) return undefined;
    throw cause;
  }
}

/** Messages are missing that the limits had not yet pushed out. */
function hasHoles({ state }: StreamInfo): boolean {
  if ((state.num_deleted ?? 0) > 0) return true;
  const isFull =
    state.messages >= 0.9 * limits.streamMessagesMax || state.bytes >= 0.9 * limits.streamBytesMax;
  return state.first_seq > 1 && !isFull;
}

export function unavailable(cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause;
  return new Refusal('UNAVAILABLE', 'The event server does not answer: events wait.', { cause });
}
