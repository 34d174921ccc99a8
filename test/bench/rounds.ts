// The bench: rounds of nodes and floor in turn, so that a noisy machine is noisy
// for both; what is reported is the median of the rounds.
import { type Floor, measureFloor, startFloor, type WireBytes } from './floor.ts';
import { forSeconds } from './lanes.ts';
import { type Latency, latencyOf, type Measured, median } from './measure.ts';
import { type BenchNodes, measureNodes, prepareNodes, startNodes } from './nodes.ts';
import { measureShares, type PartShares } from './shares.ts';

export type Plan = {
  rounds: number;
  /** Of the nodes, and as long of the floor, in each round. */
  seconds: number;
  /** Code that ran less often is not compiled yet and tells of the compiler. */
  warmCount: number;
  warmSecondsMax: number;
};

export type Figures = {
  perSecond: number;
  /** Microseconds of CPU for each handover, both processes, all threads. */
  cpuMicros: number;
  latencyMs: Latency;
};

export type Row = {
  atOnce: number;
  nodes: Figures & { natsMicros: number; clientMicros: number };
  floor: Figures;
  /** CPU of the nodes over CPU of the floor, round by round. */
  ratio: { median: number; min: number; max: number };
};

export type Results = { wireBytes: WireBytes; rows: Row[]; shares: PartShares[] };

export const QUICK: Plan = { rounds: 1, seconds: 0.4, warmCount: 50, warmSecondsMax: 1 };
export const WHOLE: Plan = { rounds: 5, seconds: 2, warmCount: 2000, warmSecondsMax: 15 };

export async function runBench(plan: Plan, progress: (line: string) => void): Promise<Results> {
  progress('starting a registry, two nodes and the two ends of the floor');
  await using folder = await prepareNodes();
  await using nodes = await startNodes(folder);
  await using floor = await startFloor();
  progress('warming up');
  await warm(plan, (seconds) => measureFloor(floor, seconds, 32));
  await warm(plan, (seconds) => measureNodes(nodes, seconds, 32));
  const rows: Row[] = [];
  for (const atOnce of [1, 32]) rows.push(await row(nodes, floor, atOnce, plan, progress));
  progress('sampling where the time goes');
  const shares = await measureShares(nodes, floor, plan.seconds);
  return { wireBytes: await floor.wire(), rows, shares };
}

async function warm(plan: Plan, run: (seconds: number) => Promise<Measured>): Promise<void> {
  const isTime = forSeconds(plan.warmSecondsMax);
  for (let count = 0; count < plan.warmCount && isTime(); ) {
    count += (await run(plan.warmSecondsMax / 8)).count;
  }
}

async function row(
  nodes: BenchNodes,
  floor: Floor,
  atOnce: number,
  plan: Plan,
  progress: (line: string) => void,
): Promise<Row> {
  const ofNodes: Measured[] = [];
  const ofFloor: Measured[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    progress(`${atOnce} in flight, round ${round} of ${plan.rounds}`);
    ofFloor.push(await measureFloor(floor, plan.seconds / 2, atOnce));
    ofNodes.push(await measureNodes(nodes, plan.seconds, atOnce));
    ofFloor.push(await measureFloor(floor, plan.seconds / 2, atOnce));
  }
  const ratios = ofNodes.map(({ cpu }, i) => {
    const [before, after] = [ofFloor[2 * i], ofFloor[2 * i + 1]];
    return (2 * cpu.total) / ((before?.cpu.total ?? 0) + (after?.cpu.total ?? 0));
  });
  return {
    atOnce,
    nodes: {
      ...figures(ofNodes),
      natsMicros: median(ofNodes.map((m) => m.natsMicros)),
      clientMicros: median(ofNodes.map((m) => m.clientMicros)),
    },
    floor: figures(ofFloor),
    ratio: {
      median: hundredths(median(ratios)),
      min: hundredths(Math.min(...ratios)),
      max: hundredths(Math.max(...ratios)),
    },
  };
}

function figures(rounds: readonly Measured[]): Figures {
  return {
    perSecond: Math.round(median(rounds.map((m) => m.perSecond)) * 10) / 10,
    cpuMicros: median(rounds.map((m) => m.cpu.total)),
    latencyMs: latencyOf(rounds.flatMap((m) => m.latencies)),
  };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
