import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { NODE_FILES } from '#services/node/config.ts';

import { type Desks, exampleSection, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
const CSI = '\u001B[';
let desks: Desks;
let id: string;
let folder: string;

beforeAll(async () => {
  desks = await openDesks();
  folder = await mkdtemp(join(tmpdir(), 'srx-manners-'));
  await desks.referring.done('case import deploy/cases/adult.yaml');
  const { referralId } = await desks.referring.json(
    `referral request HH-2026-0001 --to ${PARTNER}`,
  );
  id = String(referralId);
});
afterAll(async () => {
  await desks[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const request = () => desks.referring.json(`referral request HH-2026-0001 --to ${PARTNER}`);

describe('on a terminal', () => {
  it('a wait is told, and elsewhere it is not', async () => {
    const line = `referral request HH-2026-0001 --to ${PARTNER}`;
    const shown = await desks.referring.type(line, { isTty: true });
    expect(shown.err).toContain('Waiting for the receipt of the partner …');
    expect(shown.out).not.toContain('Waiting');
    expect((await desks.referring.type(line)).err).toBe('');
  });

  it('colours are shown, and not with NO_COLOR, --no-color, --json, --plain or in a pipe', async () => {
    const see = async (flags: string, isTty: boolean, env = {}) =>
      (await desks.referring.done(`referral list${flags}`, { isTty, env })).includes(CSI);
    expect(await see('', true)).toBe(true);
    expect(await see('', true, { NO_COLOR: '1' })).toBe(false);
    for (const flag of [' --no-color', ' --json', ' --plain'])
      expect(await see(flag, true)).toBe(false);
    expect(await see('', false)).toBe(false);
  });

  it('a severe act is asked about, by its name', async () => {
    const referral = String((await request())['referralId']);
    const line = `referral fail ${referral} --reason unreachable`;
    const no = await desks.referring.type(line, { isTty: true, answers: ['yes'] });
    expect(no).toMatchObject({ code: 130, out: '', asked: ['Type fail to go on: '] });
    expect(no.err).toContain('Nothing was done.');
    expect(await desks.referring.done(`referral show ${referral}`)).toMatch(/^requested/);
    const yes = await desks.referring.type(line, { isTty: true, answers: ['fail'] });
    expect(yes).toMatchObject({ code: 0, out: expect.stringContaining('is failed') });
  });
});

describe('a severe act', () => {
  it.each([
    ['referral fail ID --reason unreachable'],
    ['referral withdraw ID --all'],
    ['referral cancel ID --reason person-changed-mind'],
    ['referral decline ID --reason no-capacity'],
    ['referral mark-error ID'],
    ['staff remove referring-two'],
    ['member remove https://x.example --registry-folder nowhere'],
  ])('is never asked about with --no-input, nor without a terminal: srx %s', async (line) => {
    for (const [more, isTty] of [
      [' --no-input', true],
      ['', false],
    ] as const) {
      const said = await desks.referring.type(line.replace('ID', id) + more, { isTty });
      expect(said).toMatchObject({ code: 2, asked: [], err: expect.stringContaining('--yes') });
    }
  });
});

describe('what describes a person', () => {
  /** Openings that this node has recorded. */
  function openings(side: 'referring' | 'receiving'): unknown[] {
    const file = join(desks[side].folder, NODE_FILES.database);
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return database.prepare('select * from access_line').all();
    } finally {
      database.close();
    }
  }

  it('of a case is shown only when asked for, on a terminal, and is recorded', async () => {
    const plain = await desks.referring.type('case show HH-2026-0001', { isTty: true });
    expect(plain.out + plain.err).not.toContain('Test Person');
    const piped = await desks.referring.type('case show HH-2026-0001 --show-personal --json');
    expect(piped).toMatchObject({ code: 4, out: '', err: expect.stringContaining('terminal') });
    expect(openings('referring')).toEqual([]);
    const shown = await desks.referring.done('case show HH-2026-0001 --show-personal', {
      isTty: true,
    });
    expect(shown).toContain('Test Person One');
    expect(openings('referring')).toMatchObject([
      { local_code: 'HH-2026-0001', staff_id: 'referring-one' },
    ]);
  });

  it('of a section is shown only when asked for, on a terminal, and is recorded', async () => {
    const line = `referral open ${id} minimum`;
    expect(await desks.receiving.type(line, { isTty: true })).toMatchObject({ code: 2, out: '' });
    expect(await desks.receiving.type(`${line} --show-personal`)).toMatchObject({
      code: 4,
      out: '',
    });
    expect(openings('receiving')).toEqual([]);
    const shown = await desks.receiving.done(`${line} --show-personal`, { isTty: true });
    expect(shown).toContain('ageBand: 25-39');
    expect(openings('receiving')).toMatchObject([
      { referral_id: id, staff_id: 'receiving-one', section: 'minimum' },
    ]);
  });

  it('stands in no list, view, event or export', async () => {
    const said: string[] = [];
    for (const line of [`referral show ${id}`, 'referral list', 'inbox', `referral export ${id}`]) {
      for (const desk of [desks.referring, desks.receiving]) {
        said.push(await desk.done(line), await desk.done(`${line} --json`));
      }
    }
    for (const word of ['Test Person', '25-39', 'Plovdiv', 'seizures', 'library']) {
      expect(said.join('\n')).not.toContain(word);
    }
  });
});

describe('srx staff', () => {
  it('adds a person whose token only the owner of its file can read, and which works', async () => {
    const out = join(folder, 'third.token');
    const { out: answer, err } = await desks.referring.type(
      `staff add third --role caseworker --out ${out}`,
    );
    const token = (await readFile(out, 'utf8')).trim();
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(answer + err).not.toContain(token);
    await desks.referring.done(`case list --token-file ${out}`);
  });

  it('refuses an id that is taken, a file that is there, standard output, and a name of a person', async () => {
    const add = (more: string) => desks.referring.type(`staff add ${more}`);
    const out = join(folder, 'other.token');
    expect(await add(`referring-two --role caseworker --out ${out}`)).toMatchObject({ code: 6 });
    await expect(stat(out)).rejects.toThrow('ENOENT');
    const there = desks.referring.tokens.one;
    expect(await add(`fourth --role caseworker --out ${there}`)).toMatchObject({ code: 6 });
    expect(await add('fourth --role caseworker --out -')).toMatchObject({ code: 2 });
    expect(await add(`fourth --role caseworker --out ${folder}/none/x.token`)).toMatchObject({
      code: 1,
    });
    expect(await add('"Maria M" --role caseworker')).toMatchObject({ code: 1 });
    // It looks as if it could be written, and then cannot: the token must not stay valid.
    expect(await add('fourth --role caseworker --out /proc/srx.token')).toMatchObject({ code: 1 });
    expect(await desks.referring.done('staff list')).not.toContain('fourth');
  });

  it('removes a person, whose token then is worth nothing', async () => {
    const out = join(folder, 'fifth.token');
    await desks.referring.done(`staff add fifth --role caseworker --out ${out}`);
    await desks.referring.done('staff remove fifth --yes');
    const after = await desks.referring.type(`inbox --token-file ${out}`);
    expect(after).toMatchObject({ code: 5, err: expect.stringContaining('not known here') });
    expect(await desks.referring.type('staff remove fifth --yes')).toMatchObject({ code: 3 });
  });

  it('makes two persons two tokens: the same one twice decides nothing', async () => {
    const { referralId } = await request();
    const confirm = `--workers ${exampleSection('workers.yaml')}`;
    await desks.receiving.done(`referral confirm ${String(referralId)} ${confirm}`);
    const accept = `referral accept ${String(referralId)} --offer ${exampleSection('offer.yaml')}`;
    const alone = await desks.receiving.type(accept);
    expect(alone).toMatchObject({ code: 4, err: expect.stringContaining('--with') });
    const twice = await desks.receiving.type(`${accept} --with ${desks.receiving.tokens.one}`);
    expect(twice).toMatchObject({ code: 4, err: expect.stringContaining('somebody else') });
    await desks.receiving.done(`${accept} --with $TWO`);
  });
});
