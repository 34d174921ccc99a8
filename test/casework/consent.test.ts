import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { recordsOfCase } from '#casework/consent-records.ts';
import { sha256Hex, uuid4 } from '#crypto/digest.ts';
import * as contents from '#deploy/demo/contents.ts';
import { openAtRest } from '#exchange/sections.ts';
import type { CaseFile } from '#model/case-file.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { STANDARD_TEXT } from '#model/consent-text.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { IDS } from '#test/exchange/pair.ts';

import { type Filling, filled } from './form.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const THIRD = 'https://third.example';
let offices: Offices;
let worker: Person;
let caseFile: CaseFile;
let localCode: string;

beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  const { members } = offices.pair.referring.exchange.context;
  const { find } = members;
  const third = { ...offices.pair.receiving.member, organisation: THIRD, name: 'Test third' };
  members.find = (id) => (id === THIRD ? third : find(id));
  await imported('adult.yaml');
});
afterEach(() => offices[Symbol.asyncDispose]());

/** Without what it says of consent: that is asked. */
async function imported(
  name: string,
  change: (file: CaseFile, original: CaseFile['grants']) => void = () => {},
) {
  const { file } = await exampleCase(name);
  caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  const original = caseFile.grants;
  caseFile.grants = [];
  delete caseFile.sections.consent;
  change(caseFile, original);
  ({ localCode } = caseFile);
  await offices.referring.api.importCase({ caseFile: bytesOf(caseFile) }, by(worker));
}

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const nowMs = () => offices.pair.clock.now();
const api = () => offices.referring.api;

const WHOLE = {
  whole: true,
  sections: [],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'not-asked' as const,
};

const QUESTION = { stages: [], locale: 'en', translation: '', reviewedBy: '' };

async function ask(given: object = {}) {
  const question = { requestId: uuid4(), localCode, recipient: IDS.receiving, ...QUESTION };
  const asked = await api().askConsent({ ...question, ...given }, by(worker));
  return { ...asked, form: ConsentForm.parse(JSON.parse(Buffer.from(asked.form).toString())) };
}

function record(form: unknown) {
  return api().recordConsent({ form: bytesOf(form) }, by(worker));
}

async function answer(filling: Partial<Filling> = {}, given: object = {}) {
  offices.pair.clock.pass(60);
  const { form } = await ask(given);
  return record(filled(form, { nowMs: nowMs(), ...filling }));
}

function request(recipient: string = IDS.receiving) {
  const asked = { requestId: uuid4(), localCode, recipient, continuesReferralId: '' };
  return api().requestReferral(asked, by(worker));
}

async function shown(recipient: string = IDS.receiving) {
  const { recipients } = await api().showConsent({ localCode }, by(worker));
  const found = recipients.find((one) => one.recipient === recipient);
  const answerTo = (section: string, stage = 'package') =>
    found?.answers.find(
      (one) => one.section === section && one.stage === stage && one.direction === 'to-recipient',
    )?.answer;
  return { answerTo, events: found?.history.map(({ event }) => event) };
}

const verified = () => api().verifyConsent({ localCode }, by(worker));

describe('a question about consent', () => {
  it('chooses nothing before, tells first what must be told, and is noted', async () => {
    const { form, text, textDigest } = await ask();
    expect(form.answers.length).toBeGreaterThan(20);
    expect(form.answers.every(({ answer: said, until }) => said === null && until === null)).toBe(
      true,
    );
    expect(form.answers.some(({ section }) => section === 'exploitation')).toBe(false);
    expect(sha256Hex(text)).toBe(textDigest);
    expect(text).toContain(`Test receiving (${IDS.receiving})`);
    expect(text.indexOf('report some things by law')).toBeLessThan(text.indexOf('Your answers'));
    expect((await shown()).events).toEqual(['requested']);
  });

  it('is in sentences of at most fifteen words', () => {
    for (const sentence of STANDARD_TEXT.split(/[.\n]+/)) {
      expect(sentence.split(' ').filter(Boolean).length, sentence).toBeLessThanOrEqual(15);
    }
  });

  it('is the same when it is asked again under its id, and another one is refused', async () => {
    const requestId = uuid4();
    const first = await ask({ requestId });
    expect((await ask({ requestId })).form).toEqual(first.form);
    expect((await shown()).events).toEqual(['requested']);
    const translation = `${STANDARD_TEXT} More.`;
    const other = { requestId, translation, reviewedBy: 'Translator' };
    await expect(ask(other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['a group', { recipient: 'https://partners.example' }, 'NOT_PERMITTED'],
    ['oneself', { recipient: IDS.referring }, 'NOT_PERMITTED'],
    ['a language without a translation', { locale: 'bg' }, 'SCHEMA_VIOLATION'],
    [
      'a translation that nobody reviewed',
      { locale: 'bg', translation: STANDARD_TEXT },
      'SCHEMA_VIOLATION',
    ],
    [
      'a translation that lost the name',
      { translation: STANDARD_TEXT.replace('{recipient}', 'them'), reviewedBy: 'Translator' },
      'SCHEMA_VIOLATION',
    ],
  ])('to %s is refused', async (_, given, code) => {
    await expect(ask(given)).rejects.toMatchObject({ code });
  });
});

describe('what a person answered', () => {
  it('is what the request goes by: without a yes nothing goes', async () => {
    await expect(request()).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
    expect(await answer()).toMatchObject({ event: 'given', number: 2 });
    expect((await request()).outcome.status).toBe('requested');
    expect((await verified()).faults).toEqual([]);
  });

  it('counts once: the same form again changes nothing, another form needs a new question', async () => {
    const { form } = await ask();
    const full = filled(form, { nowMs: nowMs() });
    const first = await record(full);
    expect(await record(full)).toEqual(first);
    await expect(record({ ...full, form: 'recorded' })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('is a no where the newest form is empty or leaves it out', async () => {
    await answer();
    expect((await shown()).answerTo('health')).toBe('yes');
    expect(await answer({ no: ['health'] })).toMatchObject({ event: 'renewed' });
    expect((await shown()).answerTo('health')).toBe('no');
    offices.pair.clock.pass(60);
    const { form } = await ask();
    const full = filled(form, { nowMs: nowMs() });
    await record({ ...full, answers: full.answers.filter(({ section }) => section !== 'legal') });
    expect((await shown()).answerTo('legal')).toBe('no');
    expect((await shown()).answerTo('health')).toBe('yes');
  });

  it('may be a no to everything, and then nothing goes', async () => {
    await answer();
    const { form } = await ask();
    expect(await record(form)).toMatchObject({ event: 'refused' });
    await expect(request()).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
  });

  it.each([
    ['nothing was asked', (form: ConsentForm) => ({ ...form, requestId: uuid4() })],
    ['other words were shown', (form: ConsentForm) => ({ ...form, textDigest: 'a'.repeat(64) })],
    [
      'it is older than the question',
      (form: ConsentForm) => ({ ...form, answeredAt: '2026-01-01T00:00:00Z' }),
    ],
  ])('is refused when %s', async (_, change) => {
    const { form } = await ask();
    const full = change(filled(form, { nowMs: nowMs() }));
    await expect(record(full)).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
  });

  it('comes from an adult alone, and for a child from a checked guardian with the child', async () => {
    const asGuardian = { givenBy: 'guardian-with-assent', childAssent: 'Yes.' } as const;
    const refused = { code: 'NOT_CONSENTED' };
    await expect(answer({ given: asGuardian })).rejects.toMatchObject(refused);
    await imported('child.yaml');
    await expect(answer()).rejects.toMatchObject(refused);
    expect(await answer({ given: asGuardian })).toMatchObject({ event: 'given' });
    await imported('child.yaml', ({ sections: { child } }) => {
      if (child) child.guardian = { ...child.guardian, checked: false };
    });
    await expect(answer({ given: asGuardian })).rejects.toMatchObject(refused);
  });

  it('comes from the person alone, once of age, where the case was begun for a child', async () => {
    await imported('child.yaml', ({ sections: { identity } }) => {
      if (identity?.birthDate) identity.birthDate.value = '2008-03-09';
    });
    const ready = async () => {
      const asked = { localCode, recipient: IDS.receiving, reconfirmedAt: 0 };
      const { items } = await api().checkReady({ ...asked, step: 'release' }, by(worker));
      return items.find(({ code }) => code === 'own-yes')?.state;
    };
    const asGuardian = { givenBy: 'guardian-with-assent', childAssent: 'Yes.' } as const;
    const refused = { code: 'NOT_CONSENTED' };
    await expect(answer({ given: asGuardian })).rejects.toMatchObject(refused);
    expect(await ready()).toBe('open');
    expect(await answer()).toMatchObject({ event: 'given' });
    expect(await ready()).toBe('done');
  });
});

describe('a withdrawal', () => {
  it('stands in the records, and only a newer answer opens again what it closed', async () => {
    await answer();
    const { outcome } = await request();
    offices.pair.clock.pass(60);
    const said = withdrawal({ whole: false, sections: ['minimum', 'health'] });
    if (said.step !== 'consentWithdrawn') throw new Error('it is a withdrawal');
    const asked = {
      requestId: uuid4(),
      localCode,
      referralId: '',
      withdrawal: said.consentWithdrawn,
      byGuardian: false,
    };
    await api().withdrawConsent(asked, by(worker));
    await api().withdrawConsent(asked, by(worker));
    const after = await shown();
    expect(after.events).toEqual(['requested', 'given', 'withdrawn']);
    expect([after.answerTo('health'), after.answerTo('legal')]).toEqual(['withdrawn', 'yes']);
    const { exchange, store } = offices.pair.referring;
    const stored = await recordsOfCase({ ...exchange.context, exchange, store }, localCode);
    const last = stored.get(IDS.receiving)?.at(-1)?.record;
    expect(new Set(last?.answers.map((one) => one.section))).toEqual(
      new Set(['minimum', 'health']),
    );
    expect(outcome.referralId).not.toBe('');
    await expect(request()).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    await answer();
    expect((await shown()).answerTo('health')).toBe('yes');
    expect((await request()).outcome.status).toBe('requested');
    expect((await verified()).faults).toEqual([]);
  });

  it('that the partner recorded shows as withdrawn here', async () => {
    await answer();
    const { outcome } = await request();
    await offices.pair.settle();
    const keyWorker = await offices.receiving.hire('key-worker');
    const body = withdrawal({ whole: false, sections: ['minimum'] });
    const { referralId } = outcome;
    const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
    await offices.receiving.api.act(act, by(keyWorker));
    await offices.pair.settle();
    expect((await shown()).answerTo('minimum', 'contact')).toBe('withdrawn');
  });
});

describe('a no on a form, where there was a yes', () => {
  const stateAt = async (referralId: string) =>
    (await offices.pair.receiving.open(referralId)).state;

  it('stops at the partner what went under that yes, and nothing else', async () => {
    await answer();
    const { referralId } = (await request()).outcome;
    await offices.pair.settle();
    offices.pair.clock.pass(60);
    const { form } = await ask({ stages: ['contact'] });
    await record(form);
    await record(form);
    await offices.pair.settle();
    const { withdrawals, status } = await stateAt(referralId);
    expect(withdrawals.map(({ body }) => [body.whole, body.sections])).toEqual([
      [false, ['minimum']],
    ]);
    expect(status).toBe('requested');
    expect((await shown()).events).toEqual([
      'requested',
      'given',
      'requested',
      'refused',
      'withdrawn',
    ]);
    await answer();
    offices.pair.clock.pass(60);
    await record((await ask()).form);
    await offices.pair.settle();
    expect((await stateAt(referralId)).status).toBe('withdrawn');
  });

  it('stops the next step of this side, though no withdrawal said so', async () => {
    const only = (stages: readonly string[]) =>
      imported('adult.yaml', (file, original) => {
        file.grants = original.filter(({ stage }) => stages.includes(stage));
      });
    await only(['contact', 'assessment']);
    const { referralId } = (await request()).outcome;
    await offices.pair.settle();
    await only(['contact']);
    const riskAssessed = { assessedAt: Math.floor(nowMs() / 1000), answersSeq: 0 };
    const body = { step: 'riskAssessed', riskAssessed } as const;
    const sections = [contents.risk('referring', { caseFile, nowMs: nowMs() })];
    const act = { requestId: uuid4(), referralId, body, sections, grants: [] };
    await expect(api().act(act, by(worker))).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
  });

  it('and a whole withdrawal reach the partner who has nothing yet, too', async () => {
    await answer();
    await answer({}, { recipient: THIRD });
    await request();
    const asked = { requestId: uuid4(), localCode, referralId: '', byGuardian: false };
    const { partners } = await api().withdrawConsent({ ...asked, withdrawal: WHOLE }, by(worker));
    expect(partners.map(({ partner, fault }) => [partner, fault])).toEqual([
      [IDS.receiving, ''],
      [THIRD, ''],
    ]);
    await expect(request(THIRD)).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
  });

  it('stops it where the yes was for a partner who is no live member any more', async () => {
    await answer();
    const { referralId } = (await request()).outcome;
    const { form } = await ask();
    const { members } = offices.pair.referring.exchange.context;
    members.find = () => undefined;
    await record(form);
    expect((await offices.pair.referring.open(referralId)).state.status).toBe('withdrawn');
  });

  it('is later than a yes whose time ran ahead', async () => {
    await offices.pair.settle();
    const { form } = await ask();
    await record(filled(form, { nowMs: nowMs() + 4 * 60_000 }));
    await api().withdrawConsent(
      {
        requestId: uuid4(),
        localCode,
        referralId: '',
        withdrawal: WHOLE,
        byGuardian: false,
      },
      by(worker),
    );
    await expect(request()).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
  });
});

describe('two partners of one person', () => {
  it('hold nothing equal: no code, id, digest or salt', async () => {
    await answer();
    await answer({}, { recipient: THIRD });
    const first = await heldIn((await request()).outcome.referralId);
    const second = await heldIn((await request(THIRD)).outcome.referralId);
    expect(first.size).toBeGreaterThan(12);
    expect(second.size).toBe(first.size);
    expect([...first].filter((one) => second.has(one))).toEqual([]);
  });
});

/** Every id, code, digest and salt that the partner of this referral gets to see. */
async function heldIn(referralId: string): Promise<Set<string>> {
  const { pair } = offices;
  const { thread, stored } = await pair.referring.open(referralId);
  const { recipients } = await api().showConsent({ localCode }, by(worker));
  const of = recipients.find(({ recipient }) => recipient === stored.row?.partner);
  const sections = await pair.referring.store.listSections(referralId);
  const salts = sections.flatMap((one) => {
    const open = openAtRest(pair.referring.exchange.context, one);
    return open ? Buffer.from(open.salt).toString('base64url') : [];
  });
  expect(salts.length).toBeGreaterThan(0);
  const text = JSON.stringify([thread.referring, stored.row?.caseCode, of?.history, salts]);
  const ids = text.match(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[A-Za-z0-9_-]{43}/g) ?? [];
  return new Set(ids);
}
