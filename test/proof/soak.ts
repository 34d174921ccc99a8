// Steady handovers for a while: what a node holds in memory and keeps open must
// not grow with what it has done.
import { audit, settle } from './audit.ts';
import { type ChildWorld, SIDES, startChildWorld } from './child-world.ts';
import { runHandovers } from './handovers.ts';
import type { Usage } from './node-child.ts';
import { randomFrom } from './random.ts';

export type SoakReport = { handovers: number; grown: string; faults: string[] };

/** The first third warms up: caches fill, code is compiled. */
const WARM_SHARE = 1 / 3;
const SAMPLES = 12;
const HEAP_GROWTH_MAX = 1.5;
const HANDLES_MORE_MAX = 24;
const SETTLE_MS = 90_000;
const MIB = 1024 * 1024;

type Sample = Record<(typeof SIDES)[number], Usage>;

export async function soak(options: {
  seed: number;
  seconds: number;
  progress?: (line: string) => void;
}): Promise<SoakReport> {
  const { seed, seconds, progress } = options;
  await using world = await startChildWorld({ execArgv: ['--expose-gc'] });
  const endMs = Date.now() + seconds * 1000;
  const samples: Sample[] = [];
  const sampling = (async () => {
    while (Date.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / SAMPLES));
      samples.push(await sampleOf(world));
      progress?.(saidOf(samples.at(-1)));
    }
  })();
  const done = await runHandovers(world, {
    isEnough: () => Date.now() > endMs,
    atOnce: 4,
    random: randomFrom(seed),
    withdrawals: 0.1,
  });
  await sampling;
  const stuck = (await settle(world, SETTLE_MS)).map((left) => `stuck: ${left}`);
  const faults = [
    ...done.faults,
    ...stuck,
    ...growthFaults(samples),
    ...(await audit(world, done)),
  ];
  return { handovers: done.acts.length, grown: saidOf(samples.at(-1)), faults };
}

async function sampleOf(world: ChildWorld): Promise<Sample> {
  const { referring, receiving } = world.nodes;
  return { referring: await referring.usage(), receiving: await receiving.usage() };
}

function saidOf(sample: Sample | undefined): string {
  if (!sample) return 'nothing was measured';
  return SIDES.map((side) => {
    const { heapBytes, handles } = sample[side];
    return `${side} ${Math.round(heapBytes / MIB)} MiB, ${handles} handles`;
  }).join('; ');
}

/** The least of the warm samples beside the least of the last ones: noise only adds. */
function growthFaults(samples: readonly Sample[]): string[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE));
  const half = Math.floor(warm.length / 2);
  if (half === 0) return ['the run was too short to measure growth'];
  return SIDES.flatMap((side) => {
    const least = (part: readonly Sample[], of: 'heapBytes' | 'handles') =>
      Math.min(...part.map((sample) => sample[side][of]));
    const [early, late] = [warm.slice(0, half), warm.slice(half)];
    const heap = least(late, 'heapBytes') / least(early, 'heapBytes');
    const handles = least(late, 'handles') - least(early, 'handles');
    return [
      ...(heap > HEAP_GROWTH_MAX ? [`${side}: the heap grew ${heap.toFixed(2)} times`] : []),
      ...(handles > HANDLES_MORE_MAX ? [`${side}: ${handles} more handles are open`] : []),
    ];
  });
}
