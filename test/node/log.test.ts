import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { jsonLog } from '#services/node/log.ts';

const clock = { now: () => Date.UTC(2026, 10, 24, 9) };

describe('the log', () => {
  it('is one line of JSON for each event, from its level on', () => {
    const lines: string[] = [];
    const log = jsonLog('warn', clock, (line) => void lines.push(line));
    log.info('not-said');
    log.warn('first', { code: 'A\nB' });
    log.error('second');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time: '2026-11-24T09:00:00.000Z', level: 'warn', event: 'first', code: 'A\nB' },
      { time: '2026-11-24T09:00:00.000Z', level: 'error', event: 'second' },
    ]);
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  });

  it('tells a crash by its kind and never by its words', async () => {
    for (const throwing of [
      "throw new RangeError('ZZ-CANARY of a library')",
      "Promise.reject(new RangeError('ZZ-CANARY of a library'))",
    ]) {
      const bomb = `setTimeout(() => { ${throwing} }, 300)`;
      const main = fileURLToPath(new URL('../../services/cli/main.ts', import.meta.url));
      const imports = `--import=data:text/javascript,${encodeURIComponent(bomb)}`;
      // It waits for its standard input, which does not come.
      const srx = spawn(process.execPath, [imports, main, 'case', 'validate', '-']);
      const [said, [code]] = await Promise.all([text(srx.stderr), once(srx, 'exit')]);
      expect(JSON.parse(said)).toMatchObject({
        level: 'error',
        event: 'crashed',
        kind: 'RangeError',
      });
      expect(said).not.toContain('CANARY');
      expect(code).toBe(1);
    }
  });
});
