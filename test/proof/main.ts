// npm run proof: the runs that are too long for npm test, one after the other.
// --slice: a short part of each. --only NAME. --seed N: the same again.
import { parseArgs } from 'node:util';

import { newSeed } from './random.ts';
import { RUNS } from './runs.ts';

const { values } = parseArgs({
  options: {
    slice: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string' },
  },
});
const names = RUNS.map(({ name }) => name);
const unknown = values.only.find((name) => !names.includes(name));
const seed = values.seed === undefined ? newSeed() : Number(values.seed);
if (unknown !== undefined || !Number.isSafeInteger(seed)) {
  process.stderr.write(
    unknown === undefined
      ? '--seed: write a whole number.\n'
      : `--only: there is no run ${unknown}; there are ${names.join(', ')}.\n`,
  );
  process.exit(2);
}
const chosen = RUNS.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
let failed = 0;
for (const { name, proves, run } of chosen) {
  process.stdout.write(`${name}: ${proves}\n`);
  const startMs = performance.now();
  const progress = (line: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K  … ${line}`.slice(0, 90));
  };
  const { said, faults } = await run({ seed, isSlice: values.slice, progress }).catch(
    (cause: unknown) => ({ said: 'did not end', faults: [String(cause)] }),
  );
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const seconds = Math.round((performance.now() - startMs) / 1000);
  process.stdout.write(`  ${faults.length === 0 ? '✓' : '✗'} ${said} (${seconds} s)\n`);
  for (const fault of faults) process.stdout.write(`    ${fault}\n`);
  if (faults.length === 0) continue;
  failed += 1;
  process.stdout.write(`    again: npm run proof -- --only ${name} --seed ${seed}\n`);
}
process.stdout.write(`${chosen.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
