// Whether the bench works and says what it should; its figures are not judged
// here, where other tests run beside it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { type Report, tableOf } from './table.ts';

const run = promisify(execFile);

describe('npm run bench', () => {
  it('reports nodes beside floor as JSON, and as a table of 80 columns', async () => {
    const main = new URL('./main.ts', import.meta.url).pathname;
    const { stdout } = await run(process.execPath, [main, '--quick', '--json']);
    const report = JSON.parse(stdout) as Report;
    expect(report.rows.map((row) => row.atOnce)).toEqual([1, 32]);
    for (const { nodes, floor, ratio } of report.rows) {
      expect(ratio.median).toBeGreaterThan(0);
      expect(ratio.median).toBeLessThan(100);
      for (const { perSecond, cpuMicros, latencyMs } of [nodes, floor]) {
        expect(perSecond).toBeGreaterThan(0);
        expect(cpuMicros).toBeGreaterThan(0);
        expect(latencyMs.p50).toBeGreaterThan(0);
        expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50);
      }
    }
    // A section of 4 KiB is padded to 16 KiB and sealed; TLS and HTTP/2 come on top.
    expect(report.wireBytes.parcel).toBeGreaterThan(16_384);
    expect(report.wireBytes.there).toBeGreaterThan(report.wireBytes.parcel);
    expect(report.wireBytes.back).toBeGreaterThan(report.wireBytes.receipt);
    const sql = report.shares.find(({ part }) => part === 'SQL');
    expect(sql?.nodesMicros).toBeGreaterThan(0);
    expect(sql?.floorMicros).toBe(0);
    const lines = tableOf(report).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.join(' ')).toMatch(/CPU of both nodes over the floor: [\d.]+ /);
  }, 120_000);
});
