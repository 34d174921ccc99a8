// What a handover costs beside many stored referrals: the same nodes with a few
// and with many, seeded through the store's own ports, measured in turn.
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { silentLog } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import { databaseUrl } from '#services/node/database-url.ts';
import { openStore } from '#store/open.ts';
import { seedReferrals } from '#test/store/seed.ts';

import { median } from './measure.ts';
import { type BenchFolder, measureNodes, prepareNodes, startNodes } from './nodes.ts';

export type BigDataOptions = {
  few: number;
  many: number;
  rounds: number;
  seconds: number;
  progress: (line: string) => void;
};

export type BigData = {
  /** CPU of both nodes for each handover, microseconds, the median of the rounds. */
  fewMicros: number;
  manyMicros: number;
};

const SECTION_BYTES = 4096;
const AT_ONCE = 32;
const clock = { now: () => Date.now() };

/** Rounds of either in turn, so that a noisy machine is noisy for both. */
export async function measureBigData(options: BigDataOptions): Promise<BigData> {
  const { few, many, rounds, progress } = options;
  await using small = await prepareNodes();
  await using large = await prepareNodes();
  await seedBoth(small, few, progress);
  await seedBoth(large, many, progress);
  const fewMicros: number[] = [];
  const manyMicros: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    fewMicros.push(await microsOf(small, options));
    manyMicros.push(await microsOf(large, options));
  }
  return { fewMicros: median(fewMicros), manyMicros: median(manyMicros) };
}

async function seedBoth(
  { prepared }: BenchFolder,
  count: number,
  progress: (line: string) => void,
): Promise<void> {
  const { referring, receiving } = ORGANISATIONS;
  const organisations = {
    referring: referring.organisation,
    receiving: receiving.organisation,
  };
  const nowMs = clock.now();
  for (const side of ['referring', 'receiving'] as const satisfies readonly Side[]) {
    progress(`storing ${count} referrals at the ${side} node`);
    const url = await databaseUrl(prepared.configs[side]);
    await using store = await openStore({ url, clock, log: silentLog });
    // None is open: to compare the heads of many after a start is another cost.
    const openEvery = count + 1;
    await seedReferrals(store, count, {
      side,
      organisations,
      nowMs,
      openEvery,
      sectionBytes: SECTION_BYTES,
    });
  }
}

async function microsOf(folder: BenchFolder, { seconds }: BigDataOptions): Promise<number> {
  await using nodes = await startNodes(folder);
  await measureNodes(nodes, seconds, AT_ONCE);
  const { cpu } = await measureNodes(nodes, seconds, AT_ONCE);
  return cpu.total;
}
