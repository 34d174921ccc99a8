import { access, appendFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { processesOf, startDemo } from './demo-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-demo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// Real processes, and other tests beside them.
const SLOW = { timeout: 180_000 };

/** Whatever a demo makes lies in this folder. */
async function place(name: string): Promise<{ TMPDIR: string }> {
  const TMPDIR = join(folder, name);
  await mkdir(TMPDIR);
  return { TMPDIR };
}

async function mustBeGone({ TMPDIR }: { TMPDIR: string }): Promise<void> {
  await expect.poll(() => readdir(TMPDIR), { timeout: 10_000 }).toEqual([]);
  await expect.poll(() => processesOf(TMPDIR), { timeout: 10_000 }).toEqual([]);
}

const TITLES = [
  'Request',
  'Receipt confirmed',
  'Question',
  'Answer',
  'Risk assessed',
  'Risk assessed',
  'Accepted',
  'Package released',
  'Package received',
  'Arrival planned',
  'Arrival planned',
  'Departed',
  'Arrived',
  'Case management taken',
  'Case management handed',
  'Follow-up, 14 days',
  'Follow-up, 3 months',
  'Completed',
];

describe('srx demo --once', () => {
  it(
    'tells the whole story on 80 columns, all of it holds, and nothing stays behind',
    SLOW,
    async () => {
      const env = await place('once');
      const demo = startDemo(['--once'], env);
      expect(await demo.ended, demo.stderr()).toBe(0);
      const text = demo.stdout();
      const lines = text.split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      // Piped: no colour, no progress, nothing beside the timeline.
      expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
      expect(demo.stderr()).toBe('');
      const beat = /^ {2}\d\d:\d\d {2}H.* → H\w+ \w+ +(.*)$/;
      expect(lines.flatMap((line) => beat.exec(line)?.[1] ?? [])).toEqual(TITLES);
      expect(text.match(/✓ signed as its message \d+ {2}✓ receipt verified/g)).toHaveLength(18);
      expect(text).toContain('story time');
      expect(lines.filter((line) => /^✓ {3}/.test(line))).toHaveLength(5);
      expect(text).not.toContain('✗');
      await mustBeGone(env);
    },
  );

  it('ends with 1 and says where, when a log holds a private word', SLOW, async () => {
    const env = await place('planted');
    const demo = startDemo(['--once', '--json'], env);
    const { folder: own } = JSON.parse(
      /.*"event":"started".*/.exec(await demo.said('\n'))?.[0] ?? '',
    );
    await demo.said('"clarificationAsked"');
    await appendFile(join(own, 'receiving.log'), '{"name":"Testa Examplova Onova"}\n');
    expect(await demo.ended).toBe(1);
    const said = demo
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const checks = said.filter(({ event }) => event === 'check');
    expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
      ['same-state', true],
      ['evidence', true],
      ['receipts', true],
      ['never-sent', true],
      ['no-private-word', false],
    ]);
    const found = checks.at(-1).found.join('\n');
    expect(found).toContain('case.identity.legalName.value in receiving.log');
    expect(found).not.toContain('Examplova');
    expect(said.at(-1)).toMatchObject({ event: 'ended', ok: false, steps: 18 });
    await mustBeGone(env);
  });

  it('is interrupted with 130, and cleans up', SLOW, async () => {
    const env = await place('interrupted');
    const demo = startDemo(['--once'], env);
    await demo.said('Day 3');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(130);
    await mustBeGone(env);
  });
});

describe('a demo that is ended roughly', () => {
  it.each([
    ['killed', ['SIGKILL']],
    ['told a second time', ['SIGTERM', 'SIGTERM']],
  ] as const)('leaves no folder and no process: %s', SLOW, async (name, signals) => {
    const env = await place(name.replaceAll(' ', '-'));
    const demo = startDemo([], env);
    await demo.said('Day 1');
    expect((await processesOf(env.TMPDIR)).join('\n')).toContain('nats-server');
    for (const signal of signals) {
      demo.child.kill(signal);
      // Two at once would count as one.
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await demo.ended;
    await mustBeGone(env);
  });

  it('says what to do where it cannot make its folder', async () => {
    const TMPDIR = join(folder, 'nowhere');
    const demo = startDemo(['--once'], { TMPDIR });
    expect(await demo.ended).toBe(1);
    expect(demo.stderr().replaceAll(/\s+/g, ' ')).toContain('name another place in TMPDIR');
    await expect(access(TMPDIR)).rejects.toThrow();
  });
});
