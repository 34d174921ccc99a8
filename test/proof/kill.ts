// kill -9 of either node, of one that is just starting and of a nats-server, at
// random moments while handovers run; then what must hold is asked of both.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { NODE_FILES } from '#services/node/config.ts';
import { audit, natsServersOf, settle } from './audit.ts';
import type { ChildNode } from './child-node.ts';
import { type ChildWorld, SIDES, startChildWorld } from './child-world.ts';
import { type Handovers, runHandovers } from './handovers.ts';
import { type Random, randomFrom } from './random.ts';

export type KillOptions = {
  seed: number;
  /** At least so many handovers, and so many kills. */
  handovers: number;
  kills: number;
  atOnce: number;
  /** Between two kills. */
  pauseMs: readonly [min: number, max: number];
  progress?: (line: string) => void;
};

export type KillReport = {
  handovers: number;
  kills: Record<'running' | 'starting' | 'nats', number>;
  faults: string[];
  /** Log lines of the nodes, where something is at fault. */
  logged: string[];
};

const SETTLE_MS = 90_000;

export async function killWhileRunning(options: KillOptions): Promise<KillReport> {
  const random = randomFrom(options.seed);
  const kills: KillReport['kills'] = { running: 0, starting: 0, nats: 0 };
  const faults: string[] = [];
  const world = await startChildWorld();
  let done: Handovers = { acts: [], cases: [], faults: [] };
  try {
    const stop = new AbortController();
    const killing = killAtRandom(world, options, random, kills, stop.signal).catch((error) => {
      faults.push(String(error));
    });
    done = await runHandovers(world, {
      isEnough: (count) => count >= options.handovers && total(kills) >= options.kills,
      atOnce: options.atOnce,
      random: randomFrom(options.seed + 1),
      withdrawals: 0.2,
      progress: (count) => {
        if (count % 50 === 0) options.progress?.(`${count} handovers, ${total(kills)} kills`);
      },
    });
    stop.abort();
    await killing;
    options.progress?.('no more kills: what is under way must end');
    faults.push(
      ...done.faults,
      ...(await settle(world, SETTLE_MS)).map((left) => `stuck: ${left}`),
    );
    options.progress?.('both nodes have settled: what must hold is asked');
    faults.push(...(await audit(world, done)));
    for (const side of SIDES) await world.nodes[side].stop();
    for (const side of SIDES) faults.push(...(await integrityFaults(world.nodes[side])));
    const left = await natsServersOf(world.folder);
    if (left.length > 0) faults.push(`${left.length} nats-servers are left`);
  } finally {
    await world[Symbol.asyncDispose]();
  }
  const logged = SIDES.flatMap((side) => world.nodes[side].logged.map((l) => `${side} ${l}`));
  return { handovers: done.acts.length, kills, faults, logged };
}

function total(kills: KillReport['kills']): number {
  return kills.running + kills.starting + kills.nats;
}

async function killAtRandom(
  world: ChildWorld,
  { pauseMs: [minMs, maxMs] }: KillOptions,
  random: Random,
  kills: KillReport['kills'],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(random.between(minMs, maxMs));
    if (signal.aborted) return;
    const first = random.pick(SIDES);
    if (random.chance(0.2)) {
      if (await killNats(world.nodes[first])) kills.nats += 1;
      continue;
    }
    const sides = random.chance(0.2) ? SIDES : [first];
    for (const side of sides) {
      await world.nodes[side].kill();
      kills.running += 1;
      const damaged = await integrityFaults(world.nodes[side]);
      if (damaged.length > 0) throw new Error(damaged.join());
    }
    await pause(random.between(0, 300));
    for (const side of sides) kills.starting += await startAtLast(world.nodes[side], random);
    // Waiting times after a failed delivery are not what is proved here.
    await world.pass(30);
  }
}

/** Now and then killed while it comes up. @returns how often */
async function startAtLast(node: ChildNode, random: Random): Promise<number> {
  let kills = 0;
  for (; random.chance(0.4); kills += 1) {
    node.launch();
    await pause(random.between(0, 1200));
    await node.kill();
  }
  await node.start();
  return kills;
}

/** Only what runs on this node's own folder. */
async function killNats(node: ChildNode): Promise<boolean> {
  const [pid] = await natsServersOf(node.config.folder);
  if (pid === undefined) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

/** Of a copy, so that the node itself has to recover what a kill has left. */
async function integrityFaults(node: ChildNode): Promise<string[]> {
  const { folder } = node.config;
  const copy = await mkdtemp(join(folder, '..', 'copy-'));
  try {
    for (const ending of ['', '-wal']) {
      const file = `${NODE_FILES.database}${ending}`;
      await copyFile(join(folder, file), join(copy, file)).catch(() => {});
    }
    const database = new DatabaseSync(join(copy, NODE_FILES.database));
    const found = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
    database.close();
    return found === 'ok' ? [] : [`the ${node.side} database is damaged: ${String(found)}`];
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
