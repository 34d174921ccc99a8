// Feeds every target with inputs that are wrong in some way: no crash, nothing
// but Refusals, and none takes long.
import { Refusal } from '#model/refusal.ts';
import { fuzzTargets, type Target } from './fuzz-targets.ts';
import { randomFrom } from './random.ts';

export type FuzzReport = { inputs: number; refused: number; faults: string[] };

const INPUT_MS_MAX = 10_000;
const FAULTS_MAX = 20;

export async function fuzz(options: {
  seed: number;
  seconds: number;
  progress?: (line: string) => void;
}): Promise<FuzzReport> {
  const { seed, seconds, progress } = options;
  await using made = await fuzzTargets();
  const report: FuzzReport = { inputs: 0, refused: 0, faults: [] };
  const endMs = Date.now() + seconds * 1000;
  let next = seed;
  for (let round = 0; Date.now() < endMs && report.faults.length < FAULTS_MAX; round += 1) {
    for (const target of made.targets) {
      // Each input has a seed of its own, by which it can be had again alone.
      for (let left = target.times; left > 0; left -= 1) await feed(target, (next += 1), report);
    }
    if (round % 20 === 19) progress?.(`${report.inputs} inputs, ${report.refused} refused`);
  }
  return report;
}

async function feed(target: Target, seed: number, report: FuzzReport): Promise<void> {
  const beganMs = performance.now();
  report.inputs += 1;
  try {
    await target.feed(randomFrom(seed));
  } catch (error) {
    if (error instanceof Refusal) report.refused += 1;
    else report.faults.push(`${target.name}, input ${seed}: ${said(error)}`);
  }
  const ms = performance.now() - beganMs;
  if (ms > INPUT_MS_MAX) report.faults.push(`${target.name}, input ${seed}: ${Math.round(ms)} ms`);
}

function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = (error.stack ?? '').split('\n').find((line) => /\/(src|services)\//.test(line));
  return `${error.name}: ${error.message} ${place?.trim() ?? ''}`;
}
