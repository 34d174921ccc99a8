// A real nats-server for one test, in a folder of its own, with the fates that
// one can meet: stopped, killed, its store lost or set back.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

import { type Log, silentLog } from '#model/log.ts';
import { connectEventStream } from '#nats/stream.ts';
import { type NatsServer, startNatsServer } from '#services/node/nats-server.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import type { EventStream } from '#tracking/ports.ts';

export type TestNats = AsyncDisposable & {
  /** Where it listens, also while it is stopped. */
  readonly servers: string[];
  readonly user: string;
  readonly password: string;
  stop(): Promise<void>;
  /** On the port that it had. */
  start(): Promise<void>;
  /** kill -9; its keeper starts it again. */
  kill(): void;
  /** Behind the back of the node. */
  deleteStream(): Promise<void>;
  /** Every message that the stream holds now, as it stands there. */
  readStream(): Promise<string[]>;
  /** While it is stopped. */
  loseStore(): Promise<void>;
  /** Keeps a copy of the store, to be put back while it is stopped. */
  keepStore(): Promise<{ putBack(): Promise<void> }>;
  connect(log?: Log): EventStream & AsyncDisposable;
};

let found: Promise<string> | undefined;

export function testNatsBinary(): Promise<string> {
  const binary = process.env['SRX_NATS_SERVER'];
  found ??= findNatsServer({ binary, env: process.env, progress: (line) => console.log(line) });
  return found;
}

export async function startTestNats(): Promise<TestNats> {
  const binary = await testNatsBinary();
  const folder = await mkdtemp(join(tmpdir(), 'srx-nats-'));
  const store = join(folder, 'store');
  const launch = (port: number) =>
    startNatsServer({ binary, folder, port, name: 'test', log: silentLog });
  let server: NatsServer = await launch(0);
  let isRunning = true;
  const { servers, user, password } = server;
  const stop = async () => {
    isRunning = false;
    await server[Symbol.asyncDispose]();
  };
  return {
    servers,
    user,
    password,
    stop,
    start: async () => {
      server = await launch(Number(new URL(servers[0] ?? '').port));
      isRunning = true;
    },
    kill: () => void process.kill(server.pid(), 'SIGKILL'),
    deleteStream: async () => {
      const connection = await connect({ servers, user, pass: password });
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await manager.streams.delete('SRX');
      await connection.close();
    },
    readStream: async () => {
      const connection = await connect({ servers, user, pass: password });
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const info = await manager.streams.info('SRX').catch(() => undefined);
      const texts: string[] = [];
      if (info !== undefined && info.state.messages > 0) {
        const consumer = await jetstream(connection).consumers.get('SRX', {
          deliver_policy: DeliverPolicy.All,
        });
        for await (const message of await consumer.consume()) {
          texts.push(message.string());
          if (message.info.pending === 0) break;
        }
      }
      await connection.close();
      return texts;
    },
    loseStore: () => rm(store, { recursive: true }),
    keepStore: async () => {
      const copy = join(folder, 'kept');
      await cp(store, copy, { recursive: true });
      return {
        putBack: async () => {
          await rm(store, { recursive: true });
          await cp(copy, store, { recursive: true });
        },
      };
    },
    connect: (log = silentLog) => connectEventStream({ servers, user, password, log }),
    [Symbol.asyncDispose]: async () => {
      if (isRunning) await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
