// What `npm run proof` runs: each by its name, long or as a short slice.

import { measureBigData } from '#test/bench/big-data.ts';
import { ONE_OF_EACH, STARTS, search, TWO_REFUSALS } from './fold-search.ts';
import { fuzz } from './fuzz.ts';
import { killWhileRunning } from './kill.ts';
import { soak } from './soak.ts';
import { cellsAt, POINTS, withdrawEverywhere } from './withdrawals.ts';

export type RunOptions = { seed: number; isSlice: boolean; progress: (line: string) => void };
export type RunResult = {
  /** One line on what was done. */
  said: string;
  faults: string[];
};
export type Run = { name: string; proves: string; run(options: RunOptions): Promise<RunResult> };

const foldSearch: Run = {
  name: 'fold-search',
  proves: 'every way that a small referral can go folds equally and never gets stuck',
  async run({ isSlice, progress }) {
    let states = 0;
    const faults: string[] = [];
    const searches = [
      ...Object.entries(STARTS).map(([name, start]) => {
        return { name, start, depth: isSlice ? 3 : 5, budget: ONE_OF_EACH };
      }),
      ...Object.entries(STARTS).map(([name, start]) => {
        return { name: `${name}, refusals`, start, depth: isSlice ? 3 : 5, budget: TWO_REFUSALS };
      }),
    ];
    for (const { name, start, depth, budget } of searches) {
      progress(`from ${name}: ${states} states so far`);
      const found = search(start, depth, budget, isSlice ? 20_000 : 400_000);
      states += found.states;
      faults.push(...found.faults.map((fault) => `from ${name}: ${fault}`));
      // A search by itself lets no line be printed.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { said: `${states} states`, faults };
  },
};

const kill: Run = {
  name: 'kill',
  proves: 'kill -9 at random moments loses nothing, applies nothing twice',
  async run({ seed, isSlice, progress }) {
    const report = await killWhileRunning({
      seed,
      handovers: isSlice ? 200 : 2000,
      kills: isSlice ? 6 : 60,
      atOnce: 8,
      pauseMs: [300, 3000],
      progress,
    });
    const { running, starting, nats } = report.kills;
    return {
      said: `${report.handovers} handovers, ${running} nodes killed, ${starting} while starting, ${nats} nats-servers`,
      faults: [...report.faults, ...(report.faults.length > 0 ? report.logged.slice(-40) : [])],
    };
  },
};

const fuzzing: Run = {
  name: 'fuzz',
  proves: 'bytes that are wrong in any way end in a Refusal, soon',
  async run({ seed, isSlice, progress }) {
    const report = await fuzz({ seed, seconds: isSlice ? 15 : 300, progress });
    return { said: `${report.inputs} inputs, ${report.refused} refused`, faults: report.faults };
  },
};

const soaking: Run = {
  name: 'soak',
  proves: 'memory and handles do not grow with what was done',
  async run({ seed, isSlice, progress }) {
    const report = await soak({ seed, seconds: isSlice ? 24 : 600, progress });
    return {
      said: `${report.handovers} handovers; at the end ${report.grown}`,
      faults: report.faults,
    };
  },
};

const GROWTH_MAX = 1.15;

const bigData: Run = {
  name: 'big-data',
  proves: 'a handover beside 100,000 referrals costs at most 15 % more than beside 1,000',
  async run({ isSlice, progress }) {
    // A slice shows that it runs; only the whole says something about 100,000.
    const sizes = isSlice ? { few: 200, many: 2000 } : { few: 1000, many: 100_000 };
    const rounds = isSlice ? 2 : 5;
    const measured = await measureBigData({
      ...sizes,
      rounds,
      seconds: isSlice ? 1.5 : 6,
      progress,
    });
    const { growth } = measured;
    const said = `${measured.fewMicros} µs beside ${sizes.few}, ${measured.manyMicros} µs beside ${sizes.many}: ${growth.toFixed(2)} times`;
    const isJudged = !isSlice && growth > GROWTH_MAX;
    return { said, faults: isJudged ? [`it may be ${GROWTH_MAX} times at most`] : [] };
  },
};

const withdrawals: Run = {
  name: 'withdrawals',
  proves: 'a withdrawal anywhere, over any link, ends equally at both sides and closes every read',
  async run({ seed, isSlice, progress }) {
    const cells = cellsAt(isSlice ? [3, 9] : POINTS);
    const report = await withdrawEverywhere(cells, seed, progress);
    const nothing = report.closed === 0 ? ['nothing could be read before'] : [];
    return {
      said: `${report.withdrawals} withdrawals closed ${report.closed} reads`,
      faults: [...report.faults, ...nothing],
    };
  },
};

export const RUNS: readonly Run[] = [foldSearch, withdrawals, kill, fuzzing, soaking, bigData];
