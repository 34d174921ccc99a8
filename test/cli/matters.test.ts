import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type Desks, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
let desks: Desks;
let id: string;
let folder: string;

beforeAll(async () => {
  desks = await openDesks();
  folder = await mkdtemp(join(tmpdir(), 'srx-matters-'));
  await desks.referring.done('case import deploy/cases/adult.yaml');
  const asked = await desks.referring.json(`referral request HH-2026-0001 --to ${PARTNER}`);
  id = String(asked['referralId']);
});
afterAll(async () => {
  await desks[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

describe('srx breach', () => {
  it('tells what to do by when at both desks, and what was done by which role', async () => {
    const line = `breach report ${id} --scenario lost-slip --kinds contact,arrival --since 2h`;
    const said = await desks.referring.done(line);
    expect(said).toContain('The other organisation is told by a message.');
    expect(said).toMatch(/^void-slip {2}open, by 20\d\d-.* UTC, caseworker$/m);
    const matterId = /recorded: (\S+)/.exec(said)?.[1] ?? '';
    const inbox = await desks.referring.done('inbox');
    expect(flat(inbox)).toContain('Check the safety within the hour: srx breach list');
    await vi.waitFor(async () => {
      await desks.world.federation.nodes.receiving.runDue();
      expect(await desks.receiving.done('breach list')).toContain(matterId);
    }, 10_000);
    const page = await desks.receiving.done(`breach show ${matterId}`);
    expect(page).toContain('told-by-partner');
    // No number where a time is meant.
    expect(page).toMatch(/^ {4}learntAt: 20\d\d-\d\d-\d\dT[^ ]*Z$/m);
    const rest = await desks.receiving.done(`breach done ${matterId} check-phone`);
    expect(rest).toContain('check-address');
    expect(rest).not.toContain('check-phone');
    const shown = await desks.receiving.json(`breach show ${matterId}`);
    expect(shown['steps']).toContainEqual(
      expect.objectContaining({ step: 'check-phone', outcome: 'done' }),
    );
  });

  it('says that an infiltrated partner is not told', async () => {
    const line = `breach report ${id} --scenario infiltrated-partner --kinds contact --since 7d`;
    const said = await desks.referring.done(line);
    expect(said).toContain('The other organisation is not told.');
    expect(flat(said)).toContain('Warn the registry by telephone, not by a message.');
  });

  it.each([
    ['--scenario lost-slp --kinds contact --since 2h', 'lost-slip'],
    ['--scenario other --kinds phone --since 2h', '--kinds: write names such as'],
    ['--scenario other --kinds contact', '--since is needed'],
  ])('is refused with what is meant: %s', async (flags, words) => {
    const { code, err } = await desks.referring.type(`breach report ${id} ${flags}`);
    expect([code, flat(err)]).toEqual([2, expect.stringContaining(words)]);
  });
});

describe('srx demand and srx disclosure', () => {
  it('hold the export until two people decided, and write down what was told', async () => {
    const recorded = await desks.referring.json(
      'demand record deploy/matters/demand.yaml --case HH-2026-0001',
    );
    const demandId = String(recorded['matterId']);
    const refused = await desks.referring.type(`referral export ${id} --out ${folder}/one.json`);
    expect([refused.code, flat(refused.err)]).toEqual([
      4,
      expect.stringContaining('A lawyer and two people decide first'),
    ]);
    const decide = `demand decide ${demandId} deploy/matters/decision.yaml --yes`;
    expect(await desks.referring.type(decide)).toMatchObject({ code: 4 });
    expect(await desks.referring.done(`${decide} --with $TWO`)).toContain('demand is ended');
    await desks.referring.done(`referral export ${id} --out ${folder}/one.json`);
    const shown = await desks.referring.done(`demand show ${demandId}`);
    expect(shown).toMatch(/handsOver:\s+- legal/);
    expect(shown).toContain('Not told yet: the organisation');
    await desks.referring.done(`demand told ${demandId} --whom organisation`);
    expect(await desks.referring.done(`demand show ${demandId}`)).not.toContain('Not told yet');

    const file = join(folder, 'disclosure.yaml');
    const example = await readFile('deploy/matters/disclosure.yaml', 'utf8');
    const under = example.replace('save-a-life', `legal-demand\ndemandId: ${demandId}`);
    await writeFile(file, under);
    const told = await desks.referring.type(`disclosure record ${file} --case HH-2026-0001`);
    expect(flat(told.err)).toContain('More was told than was decided');
    expect(await desks.referring.done('disclosure list --plain')).toContain('ended');
  });

  it('name every fault of a file at once, with its line, and store nothing', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'form: letter\nauthority: police\ncountry: XX\nreceivedAt: soon\n');
    const { code, err } = await desks.referring.type(`demand record ${file} --referral ${id}`);
    expect(code).toBe(1);
    expect(err).toMatch(/1:1 form[\s\S]*3:1 country[\s\S]*4:1 receivedAt/);
    expect(err).toContain('asksFor');
    const list = await desks.referring.json('demand list');
    expect(list['matters']).toHaveLength(1);
    const both = await desks.referring.type(
      `demand record deploy/matters/demand.yaml --referral ${id} --case HH-2026-0001`,
    );
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('either --case CODE')]);
  });
});

describe('a body that a state runs', () => {
  it('is named as one in the list, where consent is asked and where a referral starts', async () => {
    const members = desks.world.federation.nodes.referring.exchange.context.members;
    const before = await desks.referring.type(
      `consent ask HH-2026-0001 --to ${PARTNER} --out ${folder}/before.yaml`,
    );
    expect(before.err).not.toContain('A state runs');
    const partner = members.find(PARTNER);
    Object.assign(partner ?? {}, { isStateRun: true });
    const ask = `consent ask HH-2026-0001 --to ${PARTNER} --out ${folder}/form.yaml`;
    expect((await desks.referring.type(ask)).err).toContain('A state runs this organisation.');
    const request = `referral request HH-2026-0001 --to ${PARTNER}`;
    expect((await desks.referring.type(request)).err).toContain('A state runs this organisation.');
    expect(await desks.referring.done('member list')).toContain('run by a state');
  });
});
