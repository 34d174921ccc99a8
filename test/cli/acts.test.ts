import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

import type { Side } from '#model/track.ts';
import { ACTS } from '#services/cli/acts.ts';

import { type Desks, exampleSection, openDesks } from './desk.ts';

const PARTNER = 'https://homeward-hands.example';
const SECTIONS = Object.fromEntries(
  ['workers', 'offer', 'arrival', 'report', 'risk-referring', 'risk-receiving'].map((name) => [
    name,
    exampleSection(`${name}.yaml`),
  ]),
);

let desks: Desks;
let sections: Record<string, unknown>;
const taken = new Set<string>();

beforeAll(async () => {
  desks = await openDesks();
  const text = await readFile('deploy/cases/adult.yaml', 'utf8');
  ({ sections } = parse(text) as { sections: Record<string, unknown> });
  await desks.referring.done('case import deploy/cases/adult.yaml');
});
afterAll(() => desks[Symbol.asyncDispose]());

/** A file with one section of the case. */
async function sectionFile(name: string): Promise<string> {
  const file = join(desks.world.folder, `${name}.yaml`);
  await writeFile(file, stringify(sections[name]));
  return file;
}

/** In the case file, which becomes a record of consent. */
async function sayYesTo(name: string): Promise<void> {
  const caseFile = parse(await readFile('deploy/cases/adult.yaml', 'utf8')) as {
    sections: { consent: { piiInformation: string[] } };
    grants: { recipient: string; stage: string; sections: string[] }[];
  };
  caseFile.sections.consent.piiInformation.push(name);
  caseFile.grants
    .find(({ recipient, stage }) => recipient === PARTNER && stage === 'package')
    ?.sections.push(name);
  const file = join(desks.world.folder, 'agreed.yaml');
  await writeFile(file, stringify(caseFile));
  await desks.referring.done(`case import ${file}`);
}

async function request(): Promise<string> {
  const { referralId, receivedAt } = await desks.referring.json(
    `referral request HH-2026-0001 --to ${PARTNER}`,
  );
  taken.add('request');
  expect(receivedAt).toBeGreaterThan(0);
  return String(referralId);
}

/** Takes an act and sees it count at the partner. */
async function take(side: Side, id: string, act: string, status: string): Promise<void> {
  const [name = ''] = act.split(' ');
  taken.add(name);
  const answer = await desks[side].json(`referral ${act.replace(name, `${name} ${id}`)}`);
  expect([answer['status'], Number(answer['receivedAt']) > 0], act).toEqual([status, true]);
  const other = desks[side === 'referring' ? 'receiving' : 'referring'];
  const view = await other.json(`referral show ${id}`);
  const timeline = view['timeline'] as { messageId: string; verdict: string }[];
  expect(timeline.find(({ messageId }) => messageId === answer['messageId'])?.verdict).toBe(
    'counts',
  );
  expect(view['referral']).toMatchObject({ status });
}

async function accepted(): Promise<string> {
  const id = await request();
  await take('receiving', id, `confirm --workers ${SECTIONS['workers']}`, 'received');
  for (const [side, file] of [
    ['referring', SECTIONS['risk-referring']],
    ['receiving', SECTIONS['risk-receiving']],
  ] as const) {
    await take(side, id, `assess --risk ${file} --assessed-on now`, 'received');
  }
  await take('receiving', id, `accept --offer ${SECTIONS['offer']} --with $TWO`, 'accepted');
  return id;
}

async function inProgress(): Promise<string> {
  const id = await accepted();
  await take('referring', id, 'release --reconfirmed-at now', 'package-released');
  await take('receiving', id, 'confirm-package', 'in-progress');
  return id;
}

const TRAVEL =
  'depart --travel-agreed-at 2h --referring-risk-read-at 1h --receiving-risk-read-at 1h --medicine-and-money --call-offered';

describe('a file for an act', () => {
  it('with faults gets every one at once, where it is and how to mend it; nothing is sent', async () => {
    const id = await request();
    const file = join(desks.world.folder, 'wrong.yaml');
    await writeFile(file, 'keyContact:\n  name: 12\n  phon: canary\nalternateContact: canary\n');
    const said = await desks.receiving.type(`referral confirm ${id} --workers ${file}`);
    expect(said).toMatchObject({ code: 1, out: '' });
    expect(said.err).toMatch(/^srx: wrong\.yaml has 6 faults:\n/);
    expect(said.err).toContain('  2:3 keyContact.name\n    must be text.');
    expect(said.err).toContain('Did you mean phone?');
    expect(said.err).toMatch(/Nothing was sent\.\n$/);
    expect(said.err).not.toContain('canary');
    const json = await desks.receiving.type(`referral confirm ${id} --workers ${file} --json`);
    expect(JSON.parse(json.err)).toMatchObject({ error: { faults: { length: 6 } } });
    expect(await desks.receiving.done(`referral show ${id}`)).toMatch(/^requested/);
  });

  it('of plain text, of grants, and with two sections of one name is judged too', async () => {
    const id = await request();
    const file = join(desks.world.folder, 'empty.txt');
    await writeFile(file, ' \n');
    const type = (act: string) => desks.receiving.type(`referral ${act}`);
    expect(await type(`ask ${id} --about minimum --note ${file}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('empty.txt has 1 fault:'),
    });
    await writeFile(join(desks.world.folder, 'grants.yaml'), '- recipient: canary\n');
    const grants = await type(`hand ${id} --grant ${desks.world.folder}/grants.yaml`);
    expect(grants.err).toContain('[0].recipient');
    expect(grants.err).not.toContain('canary');
    const twice = `--section danger=${await sectionFile('danger')}`;
    expect(await type(`notify ${id} ${twice} ${twice}`)).toMatchObject({ code: 2 });
    expect(await type(`notify ${id} --section dangr=x`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Did you mean\s+danger\?/),
    });
  });
});

describe('the acts of a referral, each by its verb', () => {
  it('lead through questions, a refused package and a missed arrival to the end', async () => {
    const id = await request();
    const [workers, offer, arrival, report] = ['workers', 'offer', 'arrival', 'report'].map(
      (name) => SECTIONS[name],
    );
    await take('receiving', id, `confirm --workers ${workers}`, 'received');
    await take(
      'receiving',
      id,
      `ask --about minimum --note ${exampleSection('question.txt')}`,
      'received',
    );
    await take('referring', id, `answer --note ${exampleSection('answer.txt')}`, 'received');
    await take(
      'referring',
      id,
      `assess --risk ${SECTIONS['risk-referring']} --assessed-on 1h`,
      'received',
    );
    await take(
      'receiving',
      id,
      `assess --risk ${SECTIONS['risk-receiving']} --assessed-on now`,
      'received',
    );
    await take('receiving', id, `accept --offer ${offer} --with $TWO`, 'accepted');
    await take('referring', id, 'release --reconfirmed-at now', 'package-released');
    await take('receiving', id, 'refuse-package --fault missing-mandatory-section', 'accepted');
    await take('referring', id, 'release --reconfirmed-at now', 'package-released');
    await take('receiving', id, 'confirm-package', 'in-progress');
    await take(
      'referring',
      id,
      `notify --section danger=${await sectionFile('danger')}`,
      'in-progress',
    );
    await take(
      'referring',
      id,
      `correct --section contact=${await sectionFile('contact')}`,
      'in-progress',
    );
    await take('receiving', id, `plan-arrival --arrival ${arrival}`, 'in-progress');
    await take('referring', id, `plan-arrival --arrival ${arrival}`, 'arrival-planned');
    await take('receiving', id, `change-arrival --arrival ${arrival}`, 'arrival-planned');
    await take('referring', id, TRAVEL, 'travelling');
    await take('receiving', id, 'not-arrived --reason not-met', 'not-arrived');
    await take('receiving', id, 'arrived --code-word-given', 'arrived');
    await take('receiving', id, 'take --first-contact-done --plan-agreed', 'handing-over');
    await take('referring', id, 'hand', 'in-care');
    await take('receiving', id, `report --milestone hours-24 --report ${report}`, 'in-care');
    await take(
      'receiving',
      id,
      `revise-plan --plan ${await sectionFile('plan')} --person-agreed`,
      'in-care',
    );
    await take(
      'receiving',
      id,
      'hold --reason awaiting-documents --review-at 2030-01-20',
      'in-care',
    );
    await take('receiving', id, 'resume', 'in-care');
    await take('receiving', id, 'complete --reason goals-met --person-view heard', 'completed');
    const shown = await desks.referring.done(`referral show ${id}`);
    expect(shown).toMatch(/Next {3}srx referral withdraw \| mark-error/);
    for (const lines of [shown, await desks.receiving.done(`referral show ${id}`)]) {
      expect(lines.split('\n').filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it('end it otherwise, too', async () => {
    const declined = await request();
    await take('receiving', declined, 'decline --reason no-capacity --yes', 'declined');
    const cancelled = await inProgress();
    await take('referring', cancelled, 'cancel --reason person-changed-mind --yes', 'in-progress');
    await take('receiving', cancelled, 'confirm-cancellation', 'cancelled');
    const failed = await request();
    await take('referring', failed, 'fail --reason unreachable --yes', 'failed');
    const mistaken = await request();
    await take('referring', mistaken, 'mark-error --wrong-recipient --yes', 'entered-in-error');
  });

  it('send a section that the person agreed to since, with the grant beside it', async () => {
    const id = await inProgress();
    const section = `notify ${id} --section family=${await sectionFile('family')}`;
    expect(await desks.referring.type(`referral ${section}`)).toMatchObject({
      code: 4,
      err: expect.stringContaining('NOT_CONSENTED'),
    });
    const grant = join(desks.world.folder, 'grant.yaml');
    await writeFile(
      grant,
      stringify({
        recipient: PARTNER,
        sections: ['family'],
        stage: 'package',
        purpose: 'provide-services',
        until: new Date(desks.world.clock.now() + 86_400_000).toISOString(),
      }),
    );
    expect(await desks.referring.type(`referral ${section} --grant ${grant}`)).toMatchObject({
      code: 4,
      err: expect.stringContaining('recorded for family'),
    });
    await sayYesTo('family');
    await desks.referring.done(`referral ${section} --grant ${grant}`);
    const opened = await desks.receiving.done(`referral open ${id} family --show-personal`, {
      isTty: true,
    });
    expect(parse(opened)).toEqual(sections['family']);
  });

  it('take a section from standard input', async () => {
    const id = await request();
    const text = await readFile(String(SECTIONS['workers']), 'utf8');
    await desks.receiving.done(`referral confirm ${id} --workers -`, { stdin: text });
  });

  it('take up again what came to an end', async () => {
    const id = await request();
    await take('receiving', id, 'decline --reason no-capacity --yes', 'declined');
    const again = await desks.referring.json(
      `referral request HH-2026-0001 --to ${PARTNER} --continues ${id}`,
    );
    expect(again).toMatchObject({ status: 'requested' });
  });

  it('are done once, however often the same request is made', async () => {
    const id = await request();
    const act = `referral hold ${id} --reason awaiting-documents --review-at 2030-01-20 --request-id 6f1a55c0-7c3e-4d1f-9c55-0d6a4f1f0a11`;
    const first = await desks.referring.json(act);
    expect(await desks.referring.json(act)).toEqual(first);
    const { timeline } = await desks.referring.json(`referral show ${id}`);
    expect(timeline).toHaveLength(2);
  });

  it('end what nobody answered, once its time is over', async () => {
    const id = await request();
    expect(await desks.referring.type(`referral expire ${id}`)).toMatchObject({ code: 4 });
    desks.world.clock.pass(15 * 24);
    await desks.world.federation.catchUp();
    await take('referring', id, 'expire', 'expired');
  });

  // Behind the others: after it the case file grants this partner nothing any more.
  it('close sections at once when the person withdraws, and the rest with everything', async () => {
    const id = await inProgress();
    const terminal = { isTty: true };
    const open = (name: string) =>
      desks.receiving.type(`referral open ${id} ${name} --show-personal`, terminal);
    expect(await open('health')).toMatchObject({ code: 0 });
    await take('referring', id, 'withdraw --sections health,legal --yes', 'in-progress');
    expect(await open('health')).toMatchObject({
      code: 4,
      err: expect.stringContaining('CONSENT_WITHDRAWN'),
    });
    expect(await open('contact')).toMatchObject({ code: 0 });
    await take(
      'receiving',
      id,
      'withdraw --all --meeting-wish not-asked --delete-sent --yes',
      'withdrawn',
    );
    expect(await open('contact')).toMatchObject({ code: 4 });
  });

  it('are all taken in this file', () => {
    const all = ['request', 'release', ...ACTS.map(({ name }) => name)];
    expect([...taken].toSorted()).toEqual(all.toSorted());
  });
});
