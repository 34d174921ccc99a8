// Which part of the program the CPU of a handover goes to, at the nodes and at
// the floor: the main threads by samples, the other threads by their kind.
import { type Floor, measureFloor } from './floor.ts';
import type { Ends, Measured } from './measure.ts';
import { type BenchNodes, measureNodes } from './nodes.ts';
import type { PartMicros } from './profile.ts';

/** Microseconds for each handover, both processes. */
export type PartShares = { part: string; nodesMicros: number; floorMicros: number };

const AT_ONCE = 32;

export async function measureShares(
  nodes: BenchNodes,
  floor: Floor,
  seconds: number,
): Promise<PartShares[]> {
  const ofFloor = await sampled(floor, () => measureFloor(floor, seconds, AT_ONCE));
  const ofNodes = await sampled(nodes, () => measureNodes(nodes, 2 * seconds, AT_ONCE));
  const parts = [...new Set([...Object.keys(ofNodes), ...Object.keys(ofFloor)])];
  return parts
    .map((part) => ({
      part,
      nodesMicros: Math.round(ofNodes[part] ?? 0),
      floorMicros: Math.round(ofFloor[part] ?? 0),
    }))
    .toSorted((a, b) => b.nodesMicros - a.nodesMicros);
}

async function sampled(
  { referring, receiving }: Ends,
  run: () => Promise<Measured>,
): Promise<PartMicros> {
  for (const end of [referring, receiving]) await end.ask('profile-start');
  const { cpu, count } = await run();
  const micros: PartMicros = {};
  for (const end of [referring, receiving]) {
    const parts = await end.ask<PartMicros>('profile-stop');
    for (const [part, spent] of Object.entries(parts)) {
      micros[part] = (micros[part] ?? 0) + spent / count;
    }
  }
  if (cpu.pool + cpu.v8 > 0) {
    micros['threads of crypto and files'] = cpu.pool;
    micros['threads of garbage collector, compiler'] = cpu.v8;
  }
  return micros;
}
