// A whole federation on this machine: a registry and two organisations' nodes,
// each with its own keys, certificate, database and nats-server.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import { type LoadedConfig, loadConfig, NODE_FILES } from '#services/node/config.ts';
import { initNode } from '#services/node/init.ts';
import { type RunningNode, type StartOptions, start } from '#services/node/start.ts';
import { admitMember, initRegistry } from '#services/registry/members.ts';
import { type Registry, startRegistry } from '#services/registry/start.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';

/** Invented organisations. */
export const ORGANISATIONS = {
  referring: {
    organisation: 'https://harbour-house.example',
    name: 'Harbour House',
    countries: ['NL', 'IT', 'CZ'],
    roles: ['destination'],
  },
  receiving: {
    organisation: 'https://homeward-hands.example',
    name: 'Homeward Hands',
    countries: ['BG', 'RO', 'VN'],
    roles: ['origin'],
  },
} as const;

export type FederationOptions = {
  /** An empty folder of one's own. */
  folder: string;
  clock: Clock;
  logOf: (who: Side | 'registry') => Log;
  env: Readonly<Record<string, string | undefined>>;
  progress?: (line: string) => void;
  nats?: LoadedConfig['nats'];
  databaseUrlOf?: (side: Side) => string | undefined;
  /** Each event of either node, after it came back from NATS; its JSON as published. */
  onEvent?: (json: string, side: Side) => void;
};

export type Prepared = {
  folder: string;
  registryFolder: string;
  configs: Record<Side, LoadedConfig>;
};

export type FederationNode = RunningNode & {
  config: LoadedConfig;
  /** The first member of staff; a second one where two must act. */
  client(options?: { second?: boolean }): CaseworkClient;
};

export type Federation = AsyncDisposable & {
  registry: Registry;
  nodes: Record<Side, FederationNode>;
  prepared: Prepared;
  /** After the clock moved: keys renewed, statements fetched anew, due work done. */
  catchUp(): Promise<void>;
  restart(side: Side): Promise<void>;
};

/** Folders of all three, members admitted; nothing runs yet. */
export async function prepareFederation(options: FederationOptions): Promise<Prepared> {
  const { folder, clock } = options;
  const registryFolder = join(folder, 'registry');
  const [registryPort, ...nodePorts] = await freePorts(7);
  const registry = await initRegistry(
    registryFolder,
    { host: 'localhost', port: registryPort ?? 0, name: 'Example federation' },
    clock,
  );
  const anchorFile = join(folder, 'anchor.jwk');
  const caFile = join(folder, 'registry-cert.pem');
  await writeFile(anchorFile, JSON.stringify(registry.anchorKey));
  await writeFile(caFile, registry.tlsCertificate);
  const configs = {} as Record<Side, LoadedConfig>;
  for (const side of ['referring', 'receiving'] as const) {
    const [exchange = 0, casework = 0, federation = 0] = nodePorts.splice(0, 3);
    const { organisation, name, countries, roles } = ORGANISATIONS[side];
    const databaseUrl = options.databaseUrlOf?.(side);
    const made = await initNode({
      folder: join(folder, side),
      config: {
        organisation,
        name,
        countries: [...countries],
        roles: [...roles],
        exchange: { host: '127.0.0.1', port: exchange, address: `localhost:${exchange}` },
        casework: { host: '127.0.0.1', port: casework },
        federation: { host: '127.0.0.1', port: federation, address: `localhost:${federation}` },
        registry: {
          entityId: registry.entityId,
          address: `localhost:${registryPort}`,
          anchorFile,
          caFile,
        },
        ...(databaseUrl !== undefined && { databaseUrl }),
        ...(options.nats && { nats: options.nats }),
      },
      staff: { staffId: `${side}-one`, role: 'supervisor' },
      clock,
    });
    const member = await readFile(made.memberFile ?? '', 'utf8');
    await admitMember(registryFolder, member, clock);
    configs[side] = await loadConfig(join(folder, side));
  }
  return { folder, registryFolder, configs };
}

export async function startFederation(options: FederationOptions): Promise<Federation> {
  return runFederation(await prepareFederation(options), options);
}

async function runFederation(prepared: Prepared, options: FederationOptions): Promise<Federation> {
  await using stack = new AsyncDisposableStack();
  const { clock, logOf, onEvent } = options;
  const port = Number(new URL(prepared.configs.referring.registry?.entityId ?? '').port);
  const registry = stack.use(
    await startRegistry({
      dataFolder: prepared.registryFolder,
      host: '127.0.0.1',
      port,
      clock,
      log: logOf('registry'),
    }),
  );
  const startOptions = (side: Side): StartOptions => ({
    clock,
    log: logOf(side),
    env: options.env,
    ...(options.progress && { progress: options.progress }),
    ...(onEvent && { listeners: [(_, json) => onEvent(json, side)] }),
  });
  const run = async (side: Side) => {
    const config = prepared.configs[side];
    return nodeOf(config, side, await start(config, startOptions(side)));
  };
  const [referring, receiving] = await Promise.all([run('referring'), run('receiving')]);
  const nodes = { referring, receiving };
  stack.defer(async () => {
    await Promise.all([
      nodes.referring[Symbol.asyncDispose](),
      nodes.receiving[Symbol.asyncDispose](),
    ]);
  });
  const catchUp = async () => {
    await Promise.all([nodes.referring.renewKeys(), nodes.receiving.renewKeys()]);
    await registry.refresh();
    await Promise.all([nodes.referring.refreshMembers(), nodes.receiving.refreshMembers()]);
    nodes.referring.exchange.wake();
    nodes.receiving.exchange.wake();
  };
  await catchUp();
  for (const side of ['referring', 'receiving'] as const) await addSecond(nodes[side], side);
  const running = stack.move();
  return {
    registry,
    nodes,
    prepared,
    catchUp,
    async restart(side) {
      await nodes[side][Symbol.asyncDispose]();
      nodes[side] = await run(side);
      await catchUp();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function nodeOf(config: LoadedConfig, side: Side, running: RunningNode): FederationNode {
  const address = `127.0.0.1:${running.caseworkPort}`;
  const clients: CaseworkClient[] = [];
  return {
    ...running,
    config,
    client({ second = false } = {}) {
      const token = readFileSync(tokenFile(config, side, 'one'), 'utf8').trim();
      const secondToken = second && readFileSync(tokenFile(config, side, 'two'), 'utf8').trim();
      const client = createCaseworkClient({ address, token, ...(secondToken && { secondToken }) });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    },
  };
}

/** Of the first or the second member of staff. */
export function tokenFile(config: LoadedConfig, side: Side, who: 'one' | 'two'): string {
  return join(config.folder, NODE_FILES.staff, `${side}-${who}.token`);
}

async function addSecond(node: FederationNode, side: Side): Promise<void> {
  const client = node.client();
  const { staff } = await client.listStaff({ limit: 0, cursor: '' });
  const staffId = `${side}-two`;
  if (staff.some((row) => row.staffId === staffId)) return;
  const { token } = await client.addStaff({ staffId, role: 'caseworker' });
  await writeFile(tokenFile(node.config, side, 'two'), `${token}\n`, { mode: 0o600 });
}

// Below those that the system gives to outgoing connections by itself, so that
// a port is still free when its service begins to listen.
const PORT_MIN = 10_240;
const PORT_MAX = 32_000;

/** Ports of loopback, all different, on which nobody listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries += 1) {
    if (tries > 100 * count) throw new Error('no free port on loopback');
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
