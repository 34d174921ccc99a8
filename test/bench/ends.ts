// The processes of a bench: a registry and two nodes, and the two ends of the
// floor, in a folder of their own.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePorts, type Prepared, prepareFederation } from '#deploy/demo/federation.ts';
import { silentLog } from '#model/log.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { startRegistry } from '#services/registry/start.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { makeFloorIdentity } from './floor-identity.ts';
import type { Ends } from './measure.ts';
import { startChild } from './parent.ts';

export type BenchNodes = AsyncDisposable & Ends & { client: CaseworkClient; prepared: Prepared };

const clock = { now: () => Date.now() };

export async function startBenchNodes(
  beforeStart: (prepared: Prepared) => Promise<void> = async () => {},
): Promise<BenchNodes> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'srx-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const options = { folder, clock, logOf: () => silentLog, env: process.env };
  const prepared = await prepareFederation(options);
  await beforeStart(prepared);
  const registryUrl = new URL(prepared.configs.referring.registry?.entityId ?? '');
  const registry = await startRegistry({
    dataFolder: prepared.registryFolder,
    host: '127.0.0.1',
    port: Number(registryUrl.port),
  });
  stack.use(registry);
  const nodeFile = './node-process.ts';
  const referring = stack.use(await startChild(nodeFile, [prepared.configs.referring.folder]));
  const receiving = stack.use(await startChild(nodeFile, [prepared.configs.receiving.folder]));
  await registry.refresh();
  await referring.ask('run');
  await receiving.ask('run');
  const { port } = referring.ready as { port: number };
  const tokenFile = join(
    prepared.configs.referring.folder,
    NODE_FILES.staff,
    'referring-one.token',
  );
  const client = stack.use(
    createCaseworkClient({
      address: `127.0.0.1:${port}`,
      token: readFileSync(tokenFile, 'utf8').trim(),
    }),
  );
  const running = stack.move();
  return {
    referring,
    receiving,
    client,
    prepared,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

export async function startFloor(): Promise<AsyncDisposable & Ends> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'srx-floor-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const identities = {
    referring: makeFloorIdentity('https://harbour-house.example'),
    receiving: {
      ...makeFloorIdentity('https://homeward-hands.example'),
      address: `localhost:${port}`,
    },
  };
  const file = join(folder, 'identities.json');
  await writeFile(file, JSON.stringify(identities), { mode: 0o600 });
  const receiving = stack.use(await startChild('./floor-process.ts', [file, 'receiving']));
  const referring = stack.use(await startChild('./floor-process.ts', [file, 'referring']));
  const running = stack.move();
  return { referring, receiving, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
