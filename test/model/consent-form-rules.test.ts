import { describe, expect, it } from 'vitest';

import type { ConsentForm } from '#model/consent-form.ts';
import { consentFormFaults } from '#model/consent-form-rules.ts';
import { filled } from '#test/casework/form.ts';

const NOW_MS = Date.parse('2027-03-01T10:00:00Z');
const question = (section: string, stage: string, direction = 'to-recipient') =>
  ({ section, stage, purpose: 'provide-services', direction, answer: null, until: null }) as never;

const EMPTY = {
  srxConsentForm: 1,
  requestId: '3f1c2b7a-63d1-4b0e-8f3a-1d2c3b4a5968',
  localCode: 'TEST-1',
  recipient: 'https://homeward.example',
  textDigest: 'a'.repeat(64),
  textLocale: 'en',
  childAssent: null,
  expectedArrival: null,
  withheldFrom: [],
  withdrawalMethod: ['By telling any worker.'],
  answers: [
    question('minimum', 'contact'),
    question('consent', 'package'),
    question('contact', 'package'),
    question('danger', 'package'),
    question('legal', 'package'),
    question('report', 'follow-up', 'from-recipient'),
  ],
} as unknown as ConsentForm;

const YES = filled(EMPTY, { nowMs: NOW_MS });

/** The valid form with one field changed. */
function changed(path: string, value: unknown): unknown {
  const form = structuredClone(YES) as Record<string, unknown>;
  const names = path.split('.');
  let here = form;
  for (const name of names.slice(0, -1)) here = here[name] as Record<string, unknown>;
  here[names.at(-1) ?? ''] = value;
  return form;
}

const placesOf = (value: unknown) =>
  consentFormFaults(value, NOW_MS).map(({ path }) => path.join('.'));

describe('a form that says yes', () => {
  it('is valid as the test fills it in, and when nothing is answered yet it is none', () => {
    expect(consentFormFaults(YES, NOW_MS)).toEqual([]);
  });

  it.each([
    ['recipient', 'partners'],
    ['recipient', 'others'],
    ['recipient', ['https://one.example', 'https://two.example']],
    ['told.dangerGoesAlong', 'no'],
    ['told.dangerGoesAlong', null],
    ['told.refusalChangesNothing', null],
    ['told.safetySearch', null],
    ['told.toldBack', 'no'],
    ['told.nobodyLinkedThere', 'no'],
    ['told.ownDutiesToReport', null],
    ['told.theirDutiesToReport', null],
    ['capacity.able', 'wait'],
    ['capacity.able', null],
    ['capacity.waitReasons', ['tired']],
    ['capacity.waitReasons', ['in-shock']],
    ['capacity.waitReasons', ['under-the-influence']],
    ['capacity.waitReasons', ['detained']],
    ['capacity.waitReasons', ['pressed']],
    ['interpreter.needed', null],
    ['interpreter.independent', 'no'],
    ['interpreter.code', null],
    ['interpreter.language', null],
    ['interpreter.confidentialityPromised', 'no'],
    ['givenBy', null],
    ['form', null],
    ['answeredAt', null],
    ['answeredAt', '2027-03-01T11:00:00Z'],
    ['language', null],
    ['law.lawfulBasis', null],
    ['law.article9Condition', null],
    ['law.article10Law', null],
    ['law.transferBasis', null],
    ['law.storageCountries', []],
    ['expectedArrival', '2028-01-01'],
    ['answers.0.until', null],
    ['answers.0.until', '2027-02-28T10:00:00Z'],
    ['answers.0.until', '2027-04-02T10:00:00Z'],
    ['answers.3.answer', 'no'],
    ['answers.3.answer', null],
    ['answers.1.answer', 'no'],
    ['answers.2.answer', 'no'],
    ['answers.0.section', 'health'],
    ['answers.4.until', '2027-05-01T10:00:00Z'],
  ])('is refused at %s when it is %j', (path, value) => {
    expect(placesOf(changed(path, value))).toContain(path);
  });

  it('needs a named order where somebody else decides, and none where nobody does', () => {
    const order = {
      authority: 'Test Court',
      reference: 'T-1',
      country: 'NL',
      date: '2027-02-01',
    };
    const byOrder = changed('givenBy', 'by-order') as ConsentForm;
    expect(placesOf(byOrder)).toEqual(['capacity.order']);
    const named = { ...byOrder, capacity: { ...byOrder.capacity, order } };
    expect(placesOf(named)).toEqual([]);
    expect(placesOf({ ...named, givenBy: 'self' })).toEqual(['capacity.order']);
  });

  it("needs the child's own words beside a guardian's", () => {
    const form = changed('givenBy', 'guardian-with-assent') as ConsentForm;
    expect(placesOf(form)).toEqual(['childAssent']);
    expect(placesOf({ ...form, childAssent: 'Yes, I want that.' })).toEqual([]);
  });

  it('needs the missing protection for an explicit consent to one transfer', () => {
    const form = changed('law.transferBasis', 'explicit-consent-single-case');
    expect(placesOf(form)).toEqual(['law.missingProtection']);
  });

  it('may let a package last thirty days from the arrival, and no day more', () => {
    const arriving = changed('expectedArrival', '2027-04-01') as ConsentForm;
    const until = (end: string) => ({
      ...arriving,
      answers: arriving.answers.map((one) =>
        one.section === 'legal' ? { ...one, until: end } : one,
      ),
    });
    expect(placesOf(until('2027-05-01T23:59:59Z'))).toEqual([]);
    expect(placesOf(until('2027-05-02T00:00:01Z'))).toEqual(['answers.4.until']);
  });

  it('is told of every fault at once, and no value is repeated', () => {
    const form = { ...YES, recipient: 'partners', language: null, form: 'spoken' };
    const faults = consentFormFaults(form, NOW_MS);
    expect(faults.map(({ path }) => path.join('.')).toSorted()).toEqual([
      'form',
      'language',
      'recipient',
    ]);
    const words = faults.map(({ what, remedy }) => `${what} ${remedy}`).join(' ');
    expect(words).toContain('never a group such as "partners"');
    expect(words).not.toContain('spoken');
  });
});

describe('a form that says no to everything', () => {
  it('needs nothing else: empty is a no', () => {
    const blank = {
      ...YES,
      answeredAt: null,
      told: Object.fromEntries(Object.keys(YES.told).map((name) => [name, null])),
      capacity: { able: 'wait', waitReasons: ['tired'], order: null },
      interpreter: { ...YES.interpreter, independent: null, code: null },
      answers: YES.answers.map((one) => ({ ...one, answer: null, until: null })),
    };
    expect(consentFormFaults(blank, NOW_MS)).toEqual([]);
  });

  it('may not ask for what a stage never takes, nor twice', () => {
    const wrong = { ...EMPTY.answers[0], section: 'health' };
    const answers = [wrong, EMPTY.answers[1], EMPTY.answers[1]];
    expect(placesOf({ ...YES, answers })).toEqual(['answers.0.section', 'answers.2']);
  });
});
