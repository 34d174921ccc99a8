// The results for people, in 80 columns.
import type { Results, Row } from './rounds.ts';

export type Report = Results & {
  at: string;
  machine: { cores: number; processor: string; node: string; loadBefore: number };
};

const RATIO_MAX = 2;
const PER_SECOND_MIN = 200;
const WIDTH = 80;

export function tableOf({ machine, rows, shares, wireBytes }: Report): string {
  const lines = [
    `${machine.cores} cores, ${machine.processor}, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)}`,
    '',
    heading('', ['a second', 'CPU µs', 'p50 ms', 'p95 ms', 'p99 ms']),
    ...rows.flatMap(linesOf),
    '',
    "A handover: one referral request with a section of 4 KiB, from the act's RPC to",
    'the stored receipt, its events published and consumed. The floor: its steps',
    'without storage. CPU: both processes, all threads, for each handover.',
    `On the wire: ${wireBytes.there} bytes (parcel ${wireBytes.parcel}), back ${wireBytes.back} (receipt ${wireBytes.receipt}).`,
    '',
    heading('CPU of a handover at 32 in flight, by part', ['nodes µs', '', 'floor µs']),
    ...shares.map(shareLine(shares.reduce((sum, { nodesMicros }) => sum + nodesMicros, 0))),
    '',
    ...rows.filter(({ atOnce }) => atOnce === 32).flatMap(verdicts),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function linesOf({ atOnce, nodes, floor, ratio }: Row): string[] {
  const line = (name: string, figures: Row['floor']) => {
    const { perSecond, cpuMicros, latencyMs } = figures;
    const { p50, p95, p99 } = latencyMs;
    return columns(name, [perSecond, cpuMicros, p50, p95, p99].map(String));
  };
  const { median, min, max } = ratio;
  return [
    line(`${String(atOnce).padStart(2)} in flight  nodes`, nodes),
    line('              floor', floor),
    `${columns('              nodes over floor', ['', median.toFixed(2)])}  (${min.toFixed(2)} to ${max.toFixed(2)})`,
    columns('              nats-servers besides', ['', String(nodes.natsMicros)]),
    columns("              the bench's client", ['', String(nodes.clientMicros)]),
  ];
}

function shareLine(all: number) {
  return ({ part, nodesMicros, floorMicros }: Results['shares'][number]) => {
    const share = `${Math.round((100 * nodesMicros) / Math.max(all, 1))} %`;
    return columns(part, [String(nodesMicros), share, String(floorMicros)]);
  };
}

function verdicts({ nodes, ratio }: Row): string[] {
  const word = (isMet: boolean) => (isMet ? 'met' : 'MISSED');
  return [
    `CPU of both nodes over the floor: ${ratio.median.toFixed(2)} (at most ${RATIO_MAX.toFixed(1)}): ${word(ratio.median <= RATIO_MAX)}`,
    `Durable handovers a second: ${nodes.perSecond} (at least ${PER_SECOND_MIN}): ${word(nodes.perSecond >= PER_SECOND_MIN)}`,
  ];
}

function columns(name: string, cells: readonly string[]): string {
  const cell = 9;
  return name.padEnd(WIDTH - 5 * cell).slice(0, 44) + cells.map((c) => c.padStart(cell)).join('');
}

const heading = columns;
