import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Desks, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
let desks: Desks;
let registry: string;

/** Three of everything, minutes apart. */
beforeAll(async () => {
  desks = await openDesks();
  registry = desks.world.federation.prepared.registryFolder;
  const text = await readFile('deploy/cases/adult.yaml', 'utf8');
  for (const number of [1, 2, 3]) {
    const stdin = text.replace('HH-2026-0001', `HH-${number}`);
    await desks.referring.done('case import -', { stdin });
    await desks.referring.done(`referral request HH-${number} --to ${PARTNER}`);
    const out = `${desks.world.folder}/extra-${number}.token`;
    await desks.referring.done(`staff add extra-${number} --role caseworker --out ${out}`);
    desks.world.clock.pass(0.1);
  }
});
afterAll(() => desks[Symbol.asyncDispose]());

type Row = Record<string, unknown>;
const LISTS = [
  ['referring', 'case list', 'cases', 3],
  ['referring', 'referral list', 'referrals', 3],
  ['receiving', 'inbox', 'items', 3],
  ['referring', 'staff list', 'staff', 5],
  ['referring', 'member list', 'members', 2],
  ['referring', 'key list', 'keys', 3],
  ['registry', 'member list', 'members', 2],
] as const;

function list(where: (typeof LISTS)[number][0], line: string): Promise<Row> {
  return where === 'registry'
    ? desks.referring.json(`${line} --registry-folder ${registry}`)
    : desks[where].json(line);
}

describe.each(LISTS)('at %s, srx %s', (where, line, name, count) => {
  it('gives one JSON document with all of them', async () => {
    const page = await list(where, line);
    expect(page[name]).toHaveLength(count);
    expect(page['nextCursor']).toBe('');
  });

  it('gives the same in pages', async () => {
    const whole = (await list(where, line))[name] as Row[];
    const found: Row[] = [];
    let cursor = '';
    do {
      const go = cursor === '' ? '' : ` --cursor "${cursor}"`;
      const page = await list(where, `${line} --limit 2${go}`);
      const rows = page[name] as Row[];
      expect(rows.length).toBeLessThanOrEqual(2);
      found.push(...rows);
      cursor = String(page['nextCursor']);
    } while (cursor !== '');
    expect(found).toEqual(whole);
  });

  it('keeps to 80 columns for a person, and to one line each when plain', async () => {
    const desk = desks[where === 'registry' ? 'referring' : where];
    const more = where === 'registry' ? ` --registry-folder ${registry}` : '';
    const shown = await desk.done(line + more);
    expect(shown.split('\n').filter((one) => one.length > 80)).toEqual([]);
    const plain = (await desk.done(`${line}${more} --plain`)).trimEnd().split('\n');
    expect(plain).toHaveLength(count);
    expect(plain.every((one) => one.includes('\t'))).toBe(true);
  });
});

describe('--since', () => {
  it.each([
    ['referring', 'case list', 'cases', 2],
    ['referring', 'referral list', 'referrals', 2],
    ['receiving', 'inbox', 'items', 2],
    ['referring', 'staff list', 'staff', 2],
  ] as const)('at %s, srx %s, leaves out what is older', async (side, line, name, count) => {
    expect((await desks[side].json(`${line} --since 13m`))[name]).toHaveLength(count);
    expect((await desks[side].json(`${line} --since 13m --limit 1`))[name]).toHaveLength(1);
    const none = await desks[side].type(`${line} --since now`);
    expect(none).toMatchObject({ code: 0, out: expect.stringContaining('since then.') });
    expect((await desks[side].type(`${line} --since now --plain`)).out).toBe('');
  });

  it('ends the pages of a list that has come to what is older', async () => {
    const { cases, nextCursor } = await desks.referring.json('case list --since 7m --limit 2');
    expect([cases, nextCursor]).toEqual([[expect.objectContaining({ localCode: 'HH-3' })], '']);
  });

  it('holds for admitted members and for keys, and is refused where nobody knows it', async () => {
    const old = await list('registry', 'member list --since 2000-01-01');
    expect(old['members']).toHaveLength(2);
    expect((await list('registry', 'member list --since now'))['members']).toEqual([]);
    expect((await desks.referring.json('key list --since now'))['keys']).toEqual([]);
    expect(await desks.referring.type('member list --since now')).toMatchObject({ code: 2 });
  });
});

describe('a page', () => {
  it('says beside its answer how to go on', async () => {
    const { out, err } = await desks.referring.type('case list --limit 2');
    expect(out).not.toContain('--cursor');
    expect(err).toMatch(/^There are more: --cursor \S+\n$/);
  });

  it('is refused for a cursor that is none', async () => {
    const wrong = await desks.referring.type('case list --cursor nonsense');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('cursor');
  });

  it('says so when there is nothing', async () => {
    expect(await desks.referring.done('inbox')).toBe('Nothing is waiting.\n');
    expect(await desks.receiving.done('case list')).toBe('No case is stored here.\n');
  });
});
