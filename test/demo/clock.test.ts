import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { StoryClock } from '#deploy/demo/clock.ts';
import { run } from '#services/cli/run.ts';
import { GLOBAL_OPTIONS } from '#services/cli/verb.ts';
import { serve } from '#services/cli/verbs/serve.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** In a folder without a node, so that it ends at once. */
async function serveWith(env: Record<string, string>) {
  let stderr = '';
  const exitCode = await run(['serve', '--folder', join(ROOT, 'nowhere')], {
    stdout: () => {},
    stderr: (text) => (stderr += text),
    readStdin: async () => Buffer.alloc(0),
    isTty: { stdin: false, stdout: false, stderr: false },
    ask: async () => '',
    env,
    clock: { now: () => Date.now() },
    signal: new AbortController().signal,
  });
  return { exitCode, stderr };
}

describe('the clock of srx serve', () => {
  it('is moved by no flag: none speaks of time', () => {
    const flags = Object.entries({ ...GLOBAL_OPTIONS, ...serve.options });
    expect(flags.length).toBeGreaterThan(3);
    const said = flags.map(([name, { value = '', help }]) => `${name} ${value} ${help}`);
    expect(said.filter((text) => /clock|time|date|hour|story|offset|shift/i.test(text))).toEqual(
      [],
    );
  });

  it.each(['SRX_CLOCK', 'SRX_NOW', 'SRX_STORY_TIME', 'SRX_TIME_OFFSET'])(
    'is moved by no variable: %s is refused',
    async (name) => {
      expect((await serveWith({})).stderr).toContain('There is no node.json');
      const { exitCode, stderr } = await serveWith({ [name]: '2031-01-01T00:00:00Z' });
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`${name}: no such variable`);
    },
  );

  it('is the machine’s: the program has one, and nothing but the demo moves another', async () => {
    const program = await readFile(join(ROOT, 'services/cli/main.ts'), 'utf8');
    expect(program.match(/clock/g)).toHaveLength(1);
    expect(program).toContain('clock: { now: () => Date.now() },');
    const serving = await readFile(join(ROOT, 'services/cli/verbs/serve.ts'), 'utf8');
    expect(serving).toContain('clock: io.clock,');
    const reaching: string[] = [];
    let seen = 0;
    for await (const file of glob('{src,services}/**/*.{ts,mjs}', { cwd: ROOT })) {
      seen += 1;
      const text = await readFile(join(ROOT, file), 'utf8');
      if (/StoryClock|#deploy\/|\/deploy\//.test(text)) reaching.push(file);
    }
    expect(seen).toBeGreaterThan(150);
    expect(reaching).toEqual(['services/cli/verbs/demo.ts']);
  });
});

describe('the clock of a story', () => {
  it('goes on by itself, is moved on, and never back', () => {
    const clock = new StoryClock(Date.UTC(2026, 0, 1));
    expect(clock.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1));
    clock.moveTo(Date.UTC(2026, 0, 5));
    clock.moveTo(Date.UTC(2026, 0, 3));
    expect(clock.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 5));
    expect(clock.now()).toBeLessThan(Date.UTC(2026, 0, 6));
    clock.pass(24);
    expect(clock.now()).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 6));
    clock.arriveAtPresent();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
  });
});
