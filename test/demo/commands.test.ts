import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { run } from '#services/cli/run.ts';
import { type DemoProcess, processesOf, startDemo } from './demo-process.ts';

let TMPDIR: string;
let demo: DemoProcess;
let pasted: Pasted[];
beforeAll(async () => {
  TMPDIR = await mkdtemp(join(tmpdir(), 'srx-demo-test-'));
  demo = startDemo([], { TMPDIR });
  pasted = readPage(await demo.said('Ctrl-C ends the demo'));
}, 180_000);
afterAll(async () => {
  demo.child.kill('SIGKILL');
  await demo.ended;
  await rm(TMPDIR, { recursive: true, force: true });
});

type Pasted = { line: string; env: Record<string, string> };

/** The page as a shell reads it: what is exported counts for the lines after it. */
function readPage(text: string): Pasted[] {
  const page = text.slice(text.indexOf('Everything stays up'));
  const found: Pasted[] = [];
  let env: Record<string, string> = {};
  for (const line of page.replaceAll(/ \\\n\s+/g, ' ').split('\n')) {
    const [, name, value] = /^ {2}export (\w+)=(\S+)$/.exec(line) ?? [];
    if (name && value) env = { ...env, [name]: value };
    if (line.startsWith('  npx ')) found.push({ line: line.trim(), env });
  }
  return found;
}

/** One line of the page, by the command line itself instead of npx. */
async function paste({ line, env }: Pasted, signal = new AbortController().signal) {
  let stdin = '';
  let stderr = '';
  let exitCode = -1;
  for (const command of line.split(' | ')) {
    const words = command.split(' ').map((word) => {
      return word.replace(/\$(\w+)/g, (_, name: string) => env[name] ?? '');
    });
    expect(words.slice(0, 2)).toEqual(['npx', 'srx']);
    let stdout = '';
    const input = stdin;
    exitCode = await run(words.slice(2), {
      stdout: (text) => (stdout += text),
      stderr: (text) => (stderr += text),
      readStdin: async () => Buffer.from(input),
      // A terminal, where a section may be shown.
      isTty: { stdin: false, stdout: true, stderr: false },
      ask: async () => '',
      env: { ...env, NO_COLOR: '1' },
      clock: { now: () => Date.now() },
      signal,
    });
    stdin = stdout;
  }
  return { exitCode, stdout: stdin, stderr };
}

const lineWith = (words: string): Pasted => {
  const found = pasted.filter(({ line }) => line.includes(words));
  expect(found, words).toHaveLength(1);
  return found[0] as Pasted;
};

describe('the page of commands', () => {
  it('fits 80 columns, and names both organisations', async () => {
    const lines = demo.stdout().split('\n');
    const tooLong = lines.filter((line) => line.length > 80 && !line.startsWith('  export '));
    expect(tooLong).toEqual([]);
    expect(new Set(pasted.map(({ env }) => env['SRX_FOLDER']?.split('/').at(-1)))).toEqual(
      new Set(['referring', 'receiving']),
    );
  });

  it('works line by line, as it stands', async () => {
    const done: string[] = [];
    for (const one of pasted) {
      if (/srx watch|family/.test(one.line)) continue;
      const { exitCode, stdout, stderr } = await paste(one);
      expect(exitCode, `${one.line}\n${stdout}\n${stderr}`).toBe(0);
      expect(stdout, one.line).not.toBe('');
      done.push(one.line);
    }
    expect(done.length).toBeGreaterThanOrEqual(8);
  });

  it('shows what it says: verified evidence, two referrals, an opened section', async () => {
    const verified = await paste(lineWith('verify'));
    expect(verified.stdout).toContain('Verified. The referral is completed.');
    const list = await paste(lineWith('referral list'));
    expect(list.stdout).toMatch(/^\S+ \S+ {2}requested/m);
    expect(list.stdout).toMatch(/^\S+ \S+ {2}completed/m);
    const opened = await paste(lineWith('health --show-personal'));
    expect(opened.stdout).toContain('Exampletiracetam');
  });

  it('refuses the section that she did not share', async () => {
    const { exitCode, stdout, stderr } = await paste(lineWith('family'));
    expect([exitCode, stdout]).toEqual([4, '']);
    expect(stderr).toContain('NOT_CONSENTED');
  });

  it('watches until Ctrl-C', async () => {
    const stop = new AbortController();
    const watching = paste(lineWith('srx watch'), stop.signal);
    setTimeout(() => stop.abort(), 300);
    expect((await watching).exitCode).toBe(130);
  });

  it('is over with Ctrl-C, by however many ways one comes: exit code 0, nothing left', async () => {
    expect((await processesOf(TMPDIR)).join('\n')).toContain('nats-server');
    demo.child.kill('SIGINT');
    // As npm passes on what the terminal has told already.
    await new Promise((resolve) => setTimeout(resolve, 20));
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(await readdir(TMPDIR)).toEqual([]);
    expect(await processesOf(TMPDIR)).toEqual([]);
  });
});
