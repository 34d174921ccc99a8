// What a handover costs beside many stored referrals: the same nodes with a few
// and with many, seeded through the store's own ports, measured in turn.
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import type { LoadedConfig } from '#services/node/config.ts';
import { databaseUrl } from '#services/node/database-url.ts';
import { openKeys } from '#services/node/keys.ts';
import { openStore } from '#store/open.ts';
import { uuidOf } from '#test/model/story.ts';
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
  /** Of the one over the other, round by round, the median. */
  growth: number;
};

const SECTION_BYTES = 4096;
/** Each has two of them. */
const SECTIONS_SEEDED = ['minimum', 'workers', 'reason'] as const;
const AT_ONCE = 32;
const clock = { now: () => Date.now() };

/** Rounds of either in turn, so that a noisy machine is noisy for both. */
export async function measureBigData(options: BigDataOptions): Promise<BigData> {
  const { few, many, rounds, seconds, progress } = options;
  await using small = await seeded(few, progress);
  await using large = await seeded(many, progress);
  await using besideFew = await startNodes(small);
  await using besideMany = await startNodes(large);
  progress('warming up');
  for (const nodes of [besideFew, besideMany]) await measureNodes(nodes, 2 * seconds, AT_ONCE);
  const fewMicros: number[] = [];
  const manyMicros: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    fewMicros.push((await measureNodes(besideFew, seconds, AT_ONCE)).cpu.total);
    manyMicros.push((await measureNodes(besideMany, seconds, AT_ONCE)).cpu.total);
  }
  const growth = median(manyMicros.map((micros, round) => micros / (fewMicros[round] ?? 0)));
  return { fewMicros: median(fewMicros), manyMicros: median(manyMicros), growth };
}

/** Two nodes as they are after so many referrals: rows, published events and keys of each. */
async function seeded(count: number, progress: (line: string) => void): Promise<BenchFolder> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await prepareNodes());
  const { prepared } = folder;
  // Run once: a stream is there then, and events count as published in it.
  await (await startNodes(folder))[Symbol.asyncDispose]();
  const nowMs = clock.now();
  for (const side of ['referring', 'receiving'] as const satisfies readonly Side[]) {
    progress(`storing ${count} referrals at the ${side} node`);
    await seedSide(prepared.configs[side], { side, count, nowMs });
  }
  const kept = stack.move();
  return { prepared, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function seedSide(
  config: LoadedConfig,
  { side, count, nowMs }: { side: Side; count: number; nowMs: number },
): Promise<void> {
  const { referring, receiving } = ORGANISATIONS;
  const organisations = {
    referring: referring.organisation,
    receiving: receiving.organisation,
  };
  await using store = await openStore({ url: await databaseUrl(config), clock, log: silentLog });
  await seedReferrals(store, count, {
    side,
    organisations,
    nowMs,
    // None is open: to compare the heads of many after a start is another cost.
    openEvery: count + 1,
    sectionBytes: SECTION_BYTES,
    withEvents: true,
  });
  const { keyFile } = await openKeys(config);
  for (let done = 0; done < count; done += limits.keyFileBatchMax) {
    const some = Math.min(limits.keyFileBatchMax, count - done);
    const ids = Array.from({ length: some }, (_, i) => uuidOf(['referral', done + i]));
    const keyIds = ids.flatMap((id) => SECTIONS_SEEDED.map((section) => `${id}/${section}`));
    await Promise.all(keyIds.map((id) => keyFile.ensure(id)));
  }
  await keyFile.close();
}
