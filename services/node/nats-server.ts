// The node's own nats-server: on loopback, with a store and a password of its
// own, started again when it dies, stopped with the node.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { createToken } from '#crypto/token.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { NATS_USER, writeNatsServerConfig } from './nats-server-config.ts';
import { endOrphan, writeOwner } from './nats-server-orphan.ts';
import { launchNatsServer, type NatsServerProcess } from './nats-server-process.ts';

export type NatsServerOptions = {
  /** From findNatsServer. */
  binary: string;
  /** Its own folder, made where it is missing; nobody else's. */
  folder: string;
  /** 0: a free one. */
  port: number;
  /** For its own monitoring; letters, digits and hyphens. */
  name: string;
  log: Log;
};

export type NatsServer = AsyncDisposable & {
  servers: string[];
  user: string;
  password: string;
  /** Of the process that runs now. */
  pid(): number;
};

/** @throws Refusal BAD_CONFIG: port in use, folder not writable, not starting. */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const folder = resolve(options.folder);
  const portsDir = join(folder, 'ports');
  const configFile = join(folder, 'nats-server.conf');
  await endOrphan(folder);
  const password = await prepareFolder(folder, portsDir);

  const launch = async (port: number): Promise<NatsServerProcess> => {
    const storeDir = join(folder, 'store');
    const config = { name: options.name, port, storeDir, portsDir, password };
    await writeFile(configFile, writeNatsServerConfig(config), { mode: 0o600 });
    const process = await launchNatsServer({ binary: options.binary, configFile, portsDir, port });
    await writeOwner(folder, process.pid);
    return process;
  };
  const first = await launch(options.port);
  // A restart comes back on the same port, where its clients look for it.
  const keeper = new Keeper(first, () => launch(first.port), options.log);
  return {
    servers: [`nats://127.0.0.1:${first.port}`],
    user: NATS_USER,
    password,
    pid: () => keeper.pid,
    [Symbol.asyncDispose]: () => keeper.stop(),
  };
}

async function prepareFolder(folder: string, portsDir: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rm(portsDir, { recursive: true, force: true });
    await mkdir(portsDir, { mode: 0o700 });
    // Kept over restarts, so that a client that waits can come back.
    const file = join(folder, 'password');
    const stored = await readFile(file, 'utf8').catch(() => '');
    if (stored.startsWith('srx_')) return stored;
    const password = createToken();
    await writeFile(file, password, { mode: 0o600 });
    return password;
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'The folder of the nats-server cannot be written: check its owner and free space.',
      { cause },
    );
  }
}

class Keeper {
  #process: NatsServerProcess;
  readonly #launch: () => Promise<NatsServerProcess>;
  readonly #log: Log;
  readonly #ended: Promise<void>;
  #stopping = false;
  #wake: () => void = () => {};

  constructor(first: NatsServerProcess, launch: () => Promise<NatsServerProcess>, log: Log) {
    this.#process = first;
    this.#launch = launch;
    this.#log = log;
    this.#ended = this.#keep();
  }

  get pid(): number {
    return this.#process.pid;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#process.stop();
    await this.#ended;
  }

  async #keep(): Promise<void> {
    let failures = 0;
    for (;;) {
      await this.#process.ended;
      if (this.#stopping) return;
      if (failures === 0) this.#log.error('nats-server-died');
      await this.#pause(failures);
      if (this.#stopping) return;
      try {
        this.#process = await this.#launch();
        failures = 0;
        this.#log.info('nats-server-restarted');
        // Stopped while it came up.
        if (this.#stopping) await this.#process.stop();
      } catch {
        failures += 1;
      }
    }
  }

  async #pause(failures: number): Promise<void> {
    const last = limits.publishBackoffMs.length - 1;
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const timer = setTimeout(end, limits.publishBackoffMs[Math.min(failures, last)]);
    this.#wake = end;
    await promise;
    clearTimeout(timer);
  }
}
