// One measurement of two processes: how many, how long each, how much CPU.
import type { Child } from './parent.ts';
import { childrenMicros, difference, sum, type Usage } from './usage.ts';

export type Ends = { referring: Child; receiving: Child };

export type Measured = {
  count: number;
  perSecond: number;
  /** Of both processes together, microseconds for each handover. */
  cpu: Usage;
  /** Of the programs that they started, their nats-servers. */
  natsMicros: number;
  /** Of this process: the client that asks, the registry. */
  clientMicros: number;
  latencies: number[];
};

export async function measured(ends: Ends, run: () => Promise<number[]>): Promise<Measured> {
  const before = await reading(ends);
  const startMs = performance.now();
  const latencies = await run();
  const tookMs = performance.now() - startMs;
  const after = await reading(ends);
  const each = (micros: number) => Math.round(micros / latencies.length);
  const { total, main, pool, v8 } = difference(after.cpu, before.cpu);
  return {
    count: latencies.length,
    perSecond: (latencies.length * 1000) / tookMs,
    cpu: { total: each(total), main: each(main), pool: each(pool), v8: each(v8) },
    natsMicros: each(after.nats - before.nats),
    clientMicros: each(after.client - before.client),
    latencies,
  };
}

async function reading({ referring, receiving }: Ends) {
  const { user, system } = process.cpuUsage();
  return {
    cpu: sum(await referring.ask<Usage>('usage'), await receiving.ask<Usage>('usage')),
    nats: childrenMicros(referring.pid) + childrenMicros(receiving.pid),
    client: user + system,
  };
}

export type Latency = { p50: number; p95: number; p99: number; max: number };

/** Milliseconds, one decimal. */
export function latencyOf(latencies: readonly number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const index = Math.min(Math.floor(sorted.length * share), sorted.length - 1);
    return Math.round((sorted[index] ?? 0) * 10) / 10;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
}
