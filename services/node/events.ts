// The node's events on NATS: its own server or a given one, the outbox
// published, the tracker following. A node whose NATS is down goes on.
import { join } from 'node:path';

import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import type { NatsAddress } from '#nats/connection.ts';
import { connectEventStream } from '#nats/stream.ts';
import type { Outbox } from '#tracking/ports.ts';
import { startPublisher } from '#tracking/publisher.ts';
import { type EventListener, startTracker } from '#tracking/tracker.ts';
import { createWatchers, type Watchers } from '#tracking/watch.ts';
import { type LoadedConfig, NODE_FILES } from './config.ts';
import { readCertificate, readSecretText } from './config-files.ts';
import { startNatsServer } from './nats-server.ts';
import { findNatsServer } from './nats-server-binary.ts';

export type NodeEvents = AsyncDisposable & {
  watchers: Watchers;
  /** After a commit that wrote events. */
  wake(): void;
  /** Where a client of this organisation finds the stream; null when it is off. */
  address: NatsAddress | null;
  isConnected(): boolean;
};

export type EventParts = {
  config: LoadedConfig;
  outbox: Outbox;
  clock: Clock;
  log: Log;
  /** To find a nats-server, and to say that one is being fetched. */
  env: Readonly<Record<string, string | undefined>>;
  progress: (line: string) => void;
  listeners: readonly EventListener[];
};

export async function startEvents(parts: EventParts): Promise<NodeEvents> {
  const { config, outbox, clock, log } = parts;
  const source = config.organisation;
  const watchers = createWatchers({ outbox, source });
  await using stack = new AsyncDisposableStack();
  const address = await addressOf(parts, stack);
  if (address === null) {
    log.warn('events-off');
    const off = { wake: () => {}, isConnected: () => false };
    return { watchers, address, ...off, [Symbol.asyncDispose]: async () => {} };
  }
  const stream = stack.use(connectEventStream({ ...address, log }));
  const listeners = [watchers.listener, ...parts.listeners];
  stack.use(startTracker({ outbox, stream, log, listeners }));
  const publisher = stack.use(startPublisher({ outbox, stream, clock, log, source }));
  stack.defer(() => watchers.close());
  const running = stack.move();
  return {
    watchers,
    wake: () => publisher.wake(),
    isConnected: () => stream.isConnected(),
    address,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function addressOf(
  { config, env, progress, log }: EventParts,
  stack: AsyncDisposableStack,
): Promise<NodeEvents['address']> {
  const { nats } = config;
  if (nats.mode === 'off') return null;
  if (nats.mode === 'external') {
    const isTls = nats.url.startsWith('tls://');
    const ca = nats.caFile && (await readCertificate(nats.caFile, 'authority of the NATS server'));
    const tls = isTls && { tls: { ...(ca !== undefined && { ca }) } };
    return { servers: [nats.url], ...(await credentialsOf(nats.credentialsFile)), ...tls };
  }
  const binary = await findNatsServer({ binary: nats.serverBinary, env, progress });
  const folder = join(config.folder, NODE_FILES.nats);
  const server = await startNatsServer({ binary, folder, port: 0, name: 'srx', log });
  stack.use(server);
  return { servers: server.servers, user: server.user, password: server.password };
}

/** One line: user, colon, password. */
async function credentialsOf(
  file: string | undefined,
): Promise<{ user: string; password: string }> {
  if (file === undefined) return { user: '', password: '' };
  const [user, ...rest] = (await readSecretText(file, 'file of the NATS credentials'))
    .trim()
    .split(':');
  if (!user || rest.length === 0) {
    throw new Refusal('BAD_CONFIG', 'nats.credentialsFile: write one line, user:password.');
  }
  return { user, password: rest.join(':') };
}
