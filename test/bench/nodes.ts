// The registry and the two nodes of a bench, each node a process of its own, in
// a folder of their own; and one measurement of them.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { uuid4 } from '#crypto/digest.ts';
import {
  ORGANISATIONS,
  type Prepared,
  prepareFederation,
  tokenFile,
} from '#deploy/demo/federation.ts';
import { silentLog } from '#model/log.ts';
import { startRegistry } from '#services/registry/start.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import { CaseSupply } from './case-supply.ts';
import { sharedMs } from './child.ts';
import { forSeconds, lanes } from './lanes.ts';
import { type Ends, type Measured, measured } from './measure.ts';
import type { Consumed } from './node-process.ts';
import { startChild } from './parent.ts';

export type BenchNodes = AsyncDisposable &
  Ends & {
    prepared: Prepared;
    door: CaseworkClient;
    cases: CaseSupply;
    /** The most handovers a second so far, by how many were in flight. */
    fastest: Map<number, number>;
  };

export type BenchFolder = AsyncDisposable & { prepared: Prepared };

/** Cases are imported for so many handovers a second, until it is known better. */
const PER_SECOND_GUESS = 250;
const PATIENCE_MS = 30_000;
const partner = ORGANISATIONS.receiving.organisation;
const clock = { now: () => Date.now() };

/** Registry and members made; nothing runs yet. */
export async function prepareNodes(): Promise<BenchFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'srx-bench-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const options = { folder, clock, logOf: () => silentLog, env: process.env };
    return { prepared: await prepareFederation(options), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

export async function startNodes({ prepared }: BenchFolder): Promise<BenchNodes> {
  await using stack = new AsyncDisposableStack();
  const { configs, registryFolder } = prepared;
  const registry = stack.use(
    await startRegistry({
      dataFolder: registryFolder,
      host: '127.0.0.1',
      port: Number(new URL(configs.referring.registry?.entityId ?? '').port),
    }),
  );
  const [referring, receiving] = await Promise.all([
    startChild('./node-process.ts', [configs.referring.folder]),
    startChild('./node-process.ts', [configs.receiving.folder]),
  ]);
  stack.use(referring);
  stack.use(receiving);
  await registry.refresh();
  for (const node of [referring, receiving]) await node.ask('run');
  const token = readFileSync(tokenFile(configs.referring, 'referring', 'one'), 'utf8').trim();
  const clientTo = (port: number) =>
    stack.use(createCaseworkClient({ address: `127.0.0.1:${port}`, token }));
  const cases = new CaseSupply(clientTo(configs.referring.casework.port));
  const door = clientTo((referring.ready as { port: number }).port);
  const running = stack.move();
  return {
    referring,
    receiving,
    prepared,
    door,
    cases,
    fastest: new Map(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** From the act's RPC to the stored receipt, its events published and consumed. */
export async function measureNodes(
  nodes: BenchNodes,
  seconds: number,
  atOnce: number,
): Promise<Measured> {
  const waiting = new Map<string, (atMs: number) => void>();
  const events = { sent: 0, verified: 0, taken: 0 };
  const count = (consumed: unknown) => {
    for (const [what, messageId, atMs] of (consumed as Consumed[] | undefined) ?? []) {
      if (what === 'step-sent') events.sent += 1;
      if (what === 'step-taken') events.taken += 1;
      if (what !== 'receipt-verified') continue;
      events.verified += 1;
      waiting.get(messageId)?.(atMs);
    }
  };
  const off = [nodes.referring, nodes.receiving].map((node) =>
    node.on((m) => count(m['consumed'])),
  );
  const ends: number[] = [];
  const perSecond = nodes.fastest.get(atOnce) ?? PER_SECOND_GUESS;
  await nodes.cases.fill(Math.ceil(1.5 * seconds * perSecond) + 2 * atOnce);
  const handover = async () => {
    const requestId = uuid4();
    const startMs = sharedMs();
    const consumed = new Promise<number>((resolve) => waiting.set(requestId, resolve));
    const localCode = nodes.cases.take();
    const asked = { requestId, localCode, recipient: partner, continuesReferralId: '' };
    await nodes.door.requestReferral(asked);
    ends.push((await consumed) - startMs);
    waiting.delete(requestId);
  };
  try {
    const result = await measured(nodes, async () => {
      const isTime = forSeconds(seconds);
      const isMore = () => isTime() && !nodes.cases.isEmpty;
      const { length } = await lanes(atOnce, isMore, handover);
      for (const endMs = Date.now() + PATIENCE_MS; Math.min(...Object.values(events)) < length; ) {
        if (Date.now() > endMs) throw new Error(`events are missing: ${JSON.stringify(events)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return ends;
    });
    nodes.fastest.set(atOnce, Math.max(result.perSecond, nodes.fastest.get(atOnce) ?? 0));
    return result;
  } finally {
    for (const end of off) end();
  }
}
