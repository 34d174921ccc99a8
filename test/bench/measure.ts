// One measurement: so many handovers, so many at once, at the nodes and at the
// floor, in the same run.
import { uuid4 } from '#crypto/digest.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import type { Child } from './parent.ts';
import type { Shares } from './profile.ts';

export type Measured = {
  atOnce: number;
  count: number;
  perSecond: number;
  /** User and system time of both processes, all threads. */
  cpuMicrosPerHandover: number;
  latencyMs: { p50: number; p95: number; p99: number };
};

export type Ends = { referring: Child; receiving: Child };

/** From the act's RPC to the stored receipt, its events published and consumed. */
export async function measureNodes(
  ends: Ends,
  client: CaseworkClient,
  count: number,
  atOnce: number,
): Promise<Measured> {
  const waiting = new Map<string, () => void>();
  let taken = 0;
  ends.referring.on(({ consumed }) => {
    for (const line of (consumed as string[] | undefined) ?? []) {
      const [what, messageId = ''] = line.split(' ');
      if (what === 'receipt-verified') waiting.get(messageId)?.();
    }
  });
  ends.receiving.on(({ consumed }) => {
    taken += ((consumed as string[] | undefined) ?? []).length;
  });
  const handover = async () => {
    const requestId = uuid4();
    const consumed = new Promise<void>((resolve) => waiting.set(requestId, resolve));
    const recipient = ORGANISATIONS.receiving.organisation;
    await client.requestReferral({
      requestId,
      localCode: 'TEST-BENCH',
      recipient,
      continuesReferralId: '',
    });
    await consumed;
    waiting.delete(requestId);
  };
  return timed(ends, count, atOnce, async () => {
    const latencies = await lanes(count, atOnce, handover);
    for (const endMs = Date.now() + 20_000; taken < count; ) {
      if (Date.now() > endMs) throw new Error(`only ${taken} of ${count} events were consumed`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return latencies;
  });
}

export async function measureFloor(
  ends: Ends,
  count: number,
  atOnce: number,
): Promise<Measured & { bytesOnWire: number }> {
  let bytes = 0;
  const measured = await timed(ends, count, atOnce, async () => {
    const answer = await ends.referring.ask<{ latencies: number[]; bytes: number }>(
      'run',
      count * 1000 + atOnce,
    );
    bytes = answer.bytes;
    return answer.latencies;
  });
  return { ...measured, bytesOnWire: Math.round(bytes / count) };
}

async function timed(
  { referring, receiving }: Ends,
  count: number,
  atOnce: number,
  run: () => Promise<number[]>,
): Promise<Measured> {
  const cpu = async () =>
    (await referring.ask<number>('cpu')) + (await receiving.ask<number>('cpu'));
  const cpuBefore = await cpu();
  const startMs = performance.now();
  const latencies = await run();
  const tookMs = performance.now() - startMs;
  const cpuMicros = (await cpu()) - cpuBefore;
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return {
    atOnce,
    count,
    perSecond: Math.round((count / tookMs) * 10_000) / 10,
    cpuMicrosPerHandover: Math.round(cpuMicros / count),
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
  };
}

async function lanes(count: number, atOnce: number, work: () => Promise<void>): Promise<number[]> {
  const latencies: number[] = [];
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const startMs = performance.now();
      await work();
      latencies.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return latencies;
}

/** Milliseconds of both processes' main threads by part, per 1000 handovers. */
export async function measureShares(ends: Ends, run: () => Promise<Measured>): Promise<Shares> {
  await ends.referring.ask('profile-start');
  await ends.receiving.ask('profile-start');
  const { count } = await run();
  const both = [
    await ends.referring.ask<Shares>('profile-stop'),
    await ends.receiving.ask<Shares>('profile-stop'),
  ];
  const sum: Shares = {};
  for (const shares of both) {
    for (const [part, ms] of Object.entries(shares)) sum[part] = (sum[part] ?? 0) + ms;
  }
  const sorted = Object.entries(sum).toSorted((a, b) => b[1] - a[1]);
  return Object.fromEntries(sorted.map(([part, ms]) => [part, Math.round((ms / count) * 1000)]));
}
