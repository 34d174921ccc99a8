// npm run bench: durable handovers beside a straight-line floor of the same steps,
// in one run. A table for people; --json the same as one document.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { QUICK, runBench, WHOLE } from './rounds.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** A look at whether it works; its figures say little. */
    quick: { type: 'boolean', default: false },
  },
});
const machine = {
  cores: cpus().length,
  processor: cpus()[0]?.model ?? '',
  node: process.version,
  loadBefore: loadavg()[0] ?? 0,
};
const startMs = performance.now();
const progress = (line: string) => {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${seconds} s: ${line}`);
};
const results = await runBench(values.quick ? QUICK : WHOLE, progress);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
const report = { at: new Date().toISOString(), machine, ...results };
process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
