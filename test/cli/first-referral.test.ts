import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts } from '#deploy/demo/federation.ts';

import { type Running, type Said, srx, startSrx, wordsOfLine } from './command.ts';

const root = new URL('../../', import.meta.url);

/** The shell lines of a page, broken ones whole again. */
async function linesOf(page: string, heading = ''): Promise<string[]> {
  const text = await readFile(new URL(page, root), 'utf8');
  const part = text.slice(text.indexOf(heading));
  const blocks = [...part.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  const wanted = heading === '' ? blocks : blocks.slice(0, 1);
  return wanted.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .trim()
      .split('\n'),
  );
}

let folder: string;
let lines: string[];
const running: Running[] = [];
const said: (Said & { line: string })[] = [];

/** What the lines of the page use of a shell, and no more. */
async function runLine(line: string, variables: Map<string, string>): Promise<Said> {
  const filled = line.replaceAll(/\$([A-Z]+)\b/g, (_, name: string) => variables.get(name) ?? '');
  const [, name, command] = /^([A-Z]+)=\$\((.*) \| cut -f1\)$/.exec(filled) ?? [];
  const [, daemon] = /^(.*) > \S+ 2>&1 &$/.exec(filled) ?? [];
  const [npx, program, ...argv] = wordsOfLine(command ?? daemon ?? filled);
  expect([npx, program], line).toEqual(['npx', 'srx']);
  if (daemon !== undefined) {
    const service = startSrx(argv);
    running.push(service);
    await service.until('ready');
    return service.said;
  }
  const done = await srx(argv);
  if (name !== undefined) variables.set(name, done.out.split('\t')[0] ?? '');
  return done;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-first-referral-'));
  lines = await linesOf('docs/first-referral.md');
  const ports = [...new Set(lines.flatMap((line) => line.match(/(?<=localhost:)\d+/g) ?? []))];
  const [first = 0] = await freePorts(1);
  const variables = new Map<string, string>();
  for (const line of lines) {
    // Its own folder and ports, so that several may run on one machine.
    const moved = ports.reduce(
      (text, port) =>
        text.replaceAll(`localhost:${port}`, `localhost:${first + (Number(port) % 100)}`),
      line.replaceAll(/\btry\//g, `${folder}/`),
    );
    said.push({ ...(await runLine(moved, variables)), line });
  }
}, 120_000);
afterAll(async () => {
  for (const service of running.toReversed()) await service.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the page of a first referral', () => {
  it('has commands that work, one after the other', () => {
    const failed = said.filter(({ code, line }) => code !== (line.endsWith('&') ? -1 : 0));
    expect(failed).toEqual([]);
    expect(said.length).toBeGreaterThan(25);
  });

  it('leads from the request to a referral that is completed and verified', () => {
    const byVerb = (verb: string) => said.find(({ line }) => line.includes(verb))?.out ?? '';
    expect(byVerb('srx inbox')).toContain('confirm-receipt');
    expect(byVerb('referral complete')).toContain('The referral is completed.');
    expect(byVerb('referral show')).toMatch(/^completed\n/);
    expect(byVerb('srx verify')).toMatch(/^Verified\. The referral is completed\.\n/);
    expect(byVerb('srx verify')).not.toContain('NOT OK');
  });

  it('tells of every message that the partner has it', () => {
    const acts = said.filter(
      ({ line }) => line.includes('--folder') && /referral (?!show|export)/.test(line),
    );
    expect(acts.length).toBeGreaterThan(15);
    for (const { line, out } of acts) {
      expect(out, line).toMatch(/the partner has it\.|^[0-9a-f-]{36}\t1\trequested\t\d{4}-/);
    }
  });

  it('begins with the lines that README shows', async () => {
    const shown = await linesOf('README.md', '## A first referral by hand');
    expect(shown.length).toBeGreaterThan(7);
    expect(lines.slice(0, shown.length)).toEqual(shown);
  });
});
