import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import type { CaseFile } from '#model/case-file.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { filled } from '#test/casework/form.ts';

import { type Desks, exampleSection, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
const CODE = 'HH-2026-0001';
let desks: Desks;

beforeAll(async () => {
  desks = await openDesks();
  const caseFile = parse(await readFile('deploy/cases/adult.yaml', 'utf8')) as CaseFile;
  caseFile.grants = [];
  delete caseFile.sections.consent;
  const file = fileOf('case.yaml');
  await writeFile(file, stringify(caseFile));
  await desks.referring.done(`case import ${file}`);
});
afterAll(() => desks[Symbol.asyncDispose]());

const fileOf = (name: string) => join(desks.world.folder, name);
const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

async function ask(name: string): Promise<{ file: string; text: string; form: ConsentForm }> {
  const file = fileOf(name);
  await desks.referring.done(`consent ask ${CODE} --to ${PARTNER} --out ${file}`);
  const text = await readFile(file, 'utf8');
  return { file, text, form: ConsentForm.parse(parse(text)) };
}

describe('srx consent', () => {
  it('asks, records and shows, and what was released is what was a yes', async () => {
    const { file, text, form } = await ask('form.yaml');
    expect(text).toContain('# A no changes nothing. Our help for you goes on.');
    expect(text).not.toMatch(/answer: "?(yes|no)/);
    expect(text).toContain(
      '# Who answered. One of: self, guardian-with-assent, by-order.\ngivenBy: null',
    );
    expect(text).toContain('  # Not family, community, employer or consulate. One of: yes, no.\n');
    // Above each field stands what it is.
    expect(text).not.toMatch(/\n *#?\n\w+:/);
    const nowMs = desks.world.clock.now();
    await writeFile(file, stringify(filled(form, { nowMs, no: ['health', 'legal'] })));
    expect(flat(await desks.referring.done(`consent record ${file}`))).toContain(
      `${PARTNER}: Recorded: given. Record 2,`,
    );
    const shown = flat(await desks.referring.done(`consent show ${CODE}`));
    expect(shown).toMatch(/package, provide-services, to them, until 20\d\d-\d\d-\d\d/);
    expect(shown).toMatch(/no: .*health \(package\)/);
    expect(shown).toMatch(/1 20.* requested by supervisor in en 2 20.* given by supervisor in en/);

    const asked = await desks.referring.json(`referral request ${CODE} --to ${PARTNER}`);
    const id = String(asked['referralId']);
    const section = (name: string) => exampleSection(`${name}.yaml`);
    await desks.receiving.done(`referral confirm ${id} --workers ${section('workers')}`);
    for (const side of ['referring', 'receiving'] as const) {
      const risk = section(`risk-${side}`);
      await desks[side].done(`referral assess ${id} --risk ${risk} --assessed-on now`);
    }
    await desks.receiving.done(`referral accept ${id} --offer ${section('offer')} --with $TWO`);
    await desks.referring.done(`referral release ${id} --reconfirmed-at now`);
    await desks.receiving.done(`referral confirm-package ${id}`);
    const view = await desks.receiving.json(`referral show ${id}`);
    const states = view['sections'] as { section: string; state: string }[];
    const readable = states.filter(({ state }) => state === 'readable').map((one) => one.section);
    expect(readable).toEqual(expect.arrayContaining(['consent', 'danger', 'contact', 'identity']));
    expect(readable).not.toEqual(expect.arrayContaining(['health']));
    expect(readable).not.toEqual(expect.arrayContaining(['legal']));
    expect(await desks.referring.done(`consent verify ${CODE}`)).toContain('All holds: records 2');
  });

  it('tells every fault of a form at once with its line, and records nothing', async () => {
    const { file, form } = await ask('wrong.yaml');
    const full = filled(form, { nowMs: desks.world.clock.now() });
    const [first, ...others] = full.answers;
    const wrong = {
      ...full,
      recipient: 'partners',
      told: { ...full.told, toldBack: 'no' },
      answers: [{ ...first, until: null }, ...others],
    };
    await writeFile(file, stringify(wrong));
    const { code, err } = await desks.referring.type(`consent record ${file}`);
    expect(code).toBe(1);
    expect(err).toMatch(/4:1 +recipient[\s\S]*told\.toldBack[\s\S]*answers\[0\]\.until/);
    expect(flat(err)).toContain('never a group such as "partners"');
    expect(flat(err)).toContain('Write an end, at most 30 days after the answer.');
    const { recipients } = await desks.referring.json(`consent show ${CODE}`);
    const [one] = recipients as { history: { event: string }[] }[];
    expect(one?.history.at(-1)?.event).toBe('requested');
  });

  it('says that help goes on when everything is a no, and then nothing goes', async () => {
    const { file } = await ask('no.yaml');
    const { code, out, err } = await desks.referring.type(`consent record ${file}`);
    expect([code, flat(out)]).toEqual([0, expect.stringContaining('nothing goes')]);
    expect(err).toContain('Help here goes on.');
    const refused = await desks.referring.type(`referral request ${CODE} --to ${PARTNER}`);
    expect([refused.code, flat(refused.err)]).toEqual([4, expect.stringContaining('Ask first')]);
  });

  it('says what to name where a group is named, and which way each no goes', async () => {
    for (const line of ['consent ask', 'case ready --for request', 'referral request']) {
      const { code, err } = await desks.referring.type(`${line} ${CODE} --to partners`);
      expect([code, flat(err)]).toEqual([2, expect.stringContaining('exactly one organisation')]);
    }
    const shown = flat(await desks.referring.done(`consent show ${CODE}`));
    expect(shown).toMatch(/danger \(package\).*danger \(package, back\)/);
    const mistyped = await desks.referring.type(`consent withdraw ${CODE.toLowerCase()} --all`);
    expect([mistyped.code, flat(mistyped.err)]).toEqual([3, expect.stringContaining('no case')]);
  });
});
