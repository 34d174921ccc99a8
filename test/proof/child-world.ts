// A federation whose two nodes are child processes, so that each can be killed:
// the registry runs here, everything in one folder of its own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Prepared, prepareFederation } from '#deploy/demo/federation.ts';
import type { CaseFile } from '#model/case-file.ts';
import { silentLog } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';
import { startRegistry } from '#services/registry/start.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { ChildNode } from './child-node.ts';

export const SIDES = ['referring', 'receiving'] as const;

export type ChildWorld = AsyncDisposable & {
  folder: string;
  prepared: Prepared;
  nodes: Record<Side, ChildNode>;
  /** As the test's clock has it, whole seconds. */
  nowSeconds(): number;
  /** With the tokens of two members of staff; a new one after each start of the node. */
  client(side: Side): CaseworkClient;
  /** Moves the clock of both nodes on. */
  pass(seconds: number): Promise<void>;
  /** After a longer time: statements are made and fetched anew. */
  refreshMembers(): Promise<void>;
};

export type ChildWorldOptions = {
  /** For the nodes, such as --expose-gc. */
  execArgv?: readonly string[];
  nats?: LoadedConfig['nats'];
};

export async function startChildWorld({
  execArgv = [],
  nats,
}: ChildWorldOptions = {}): Promise<ChildWorld> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'srx-proof-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const clock = { now: () => Date.now() + nodes.referring.aheadMs };
  const prepared = await prepareFederation({
    folder,
    clock: { now: () => Date.now() },
    logOf: () => silentLog,
    env: {},
    ...(nats && { nats }),
  });
  const { configs, registryFolder } = prepared;
  const nodes: Record<Side, ChildNode> = {
    referring: new ChildNode('referring', configs.referring, execArgv),
    receiving: new ChildNode('receiving', configs.receiving, execArgv),
  };
  const port = Number(new URL(configs.referring.registry?.entityId ?? '').port);
  const registry = stack.use(
    await startRegistry({
      dataFolder: registryFolder,
      host: '127.0.0.1',
      port,
      clock,
      log: silentLog,
    }),
  );
  const clients = new Clients(nodes);
  stack.defer(async () => {
    await clients.close();
    const ended = await Promise.allSettled(SIDES.map((side) => nodes[side].stop()));
    for (const side of SIDES) await nodes[side].kill();
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  });
  await Promise.all(SIDES.map((side) => nodes[side].start()));
  const refreshMembers = async () => {
    await registry.refresh();
    for (const side of SIDES) if (nodes[side].isRunning) await nodes[side].refreshMembers();
  };
  await refreshMembers();
  for (const side of SIDES) await addSecond(nodes[side]);
  const running = stack.move();
  return {
    folder,
    prepared,
    nodes,
    nowSeconds: () => Math.floor(clock.now() / 1000),
    refreshMembers,
    client: (side) => clients.of(side),
    async pass(seconds) {
      const aheadMs = nodes.referring.aheadMs + seconds * 1000;
      for (const side of SIDES) await nodes[side].setAhead(aheadMs);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A channel that has lost its node waits longer and longer: a new node, a new channel. */
class Clients {
  readonly #nodes: Record<Side, ChildNode>;
  #open = new Map<Side, { pid: number; client: CaseworkClient }>();

  constructor(nodes: Record<Side, ChildNode>) {
    this.#nodes = nodes;
  }

  of(side: Side): CaseworkClient {
    const node = this.#nodes[side];
    const known = this.#open.get(side);
    if (known?.pid === node.pid) return known.client;
    void known?.client[Symbol.asyncDispose]();
    const client = createCaseworkClient({
      address: `127.0.0.1:${node.config.casework.port}`,
      token: node.token('one'),
      secondToken: node.token('two'),
    });
    this.#open.set(side, { pid: node.pid, client });
    return client;
  }

  async close(): Promise<void> {
    for (const { client } of this.#open.values()) await client[Symbol.asyncDispose]();
  }
}

async function addSecond(node: ChildNode): Promise<void> {
  const address = `127.0.0.1:${node.config.casework.port}`;
  await using client = createCaseworkClient({ address, token: node.token('one') });
  const staffId = `${node.side}-two`;
  const { token } = await client.addStaff({ staffId, role: 'caseworker' });
  const file = join(node.config.folder, NODE_FILES.staff, `${staffId}.token`);
  await writeFile(file, `${token}\n`, { mode: 0o600 });
}

/** An example case under a local code of its own. */
export async function exampleCase(name: string, localCode: string): Promise<CaseFile> {
  const file = new URL(`../../deploy/cases/${name}`, import.meta.url);
  const read = readCaseFile(await readFile(file, 'utf8'), name);
  if (!read.ok) throw new Error(`the example ${name} is wrong`);
  return { ...read.caseFile, localCode };
}
