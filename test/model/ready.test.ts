import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import type { CaseFile } from '#model/case-file.ts';
import type { Child } from '#model/plan/child.ts';
import type { Preparation } from '#model/preparation.ts';
import type { ReadyFacts } from '#model/ready/items.ts';
import { readiness } from '#model/ready/ready.ts';
import { MAY_BE_MISSING, READY_CODES, type ReadyCode } from '#model/ready/ready-codes.ts';

const NOW = Date.UTC(2026, 10, 24, 9) / 1000;
const DAY = 24 * 60 * 60;

function example(name: string): CaseFile {
  return parse(readFileSync(new URL(`../../deploy/cases/${name}.yaml`, import.meta.url), 'utf8'));
}
const EXAMPLES = { adult: example('adult'), child: example('child'), labour: example('labour') };

function ready(
  name: 'adult' | 'child' | 'labour',
  step: ReadyFacts['step'] = 'release',
): ReadyFacts {
  const caseFile = structuredClone(EXAMPLES[name]);
  return {
    step,
    caseFile,
    consent: caseFile.sections.consent ?? null,
    nowSeconds: NOW,
    hasSecond: true,
    referral: {
      acceptedAt: NOW - DAY,
      ours: { seq: 2, assessedAt: NOW - 2 * DAY, answersSeq: 0 },
      theirs: { seq: 3, assessedAt: NOW - 2 * DAY, answersSeq: 2 },
    },
    reconfirmedAt: NOW - 60,
  };
}

function preparationOf({
  caseFile,
}: ReadyFacts): Preparation & { reflection: object; removal: object } {
  return caseFile.preparation as ReturnType<typeof preparationOf>;
}
function reflectionOf(facts: ReadyFacts) {
  return preparationOf(facts).reflection;
}
function removalOf(facts: ReadyFacts) {
  return preparationOf(facts).removal;
}
function returnOf({ caseFile }: ReadyFacts) {
  return caseFile.sections.return as NonNullable<CaseFile['sections']['return']>;
}
function childOf({ caseFile }: ReadyFacts): Child {
  return caseFile.sections.child as Child;
}

function openIn(facts: ReadyFacts): ReadyCode[] {
  return readiness(facts)
    .items.filter(({ state }) => state === 'open')
    .map(({ code }) => code);
}

describe('the checklist of an example', () => {
  it.each(['adult', 'child', 'labour'] as const)('of %s.yaml is whole', (name) => {
    for (const step of ['request', 'release'] as const) {
      expect(openIn(ready(name, step))).toEqual([]);
      expect(readiness(ready(name, step))).toMatchObject({ isReady: true, isShort: false });
    }
  });

  it('of an adult asks for no guardian, and of a low risk for no second person', () => {
    const codes = readiness(ready('adult')).items.map(({ code }) => code);
    expect(codes).not.toContain('guardian');
    expect(codes).not.toContain('second-person');
  });
});

type Row = [code: ReadyCode, what: string, spoil: (facts: ReadyFacts) => void];

/** Each takes one condition away from a case that is whole. */
const FROM_ADULT: Row[] = [
  ['reflection-told', 'nobody told of the time', (f) => void delete f.caseFile.preparation],
  [
    'reflection-told',
    'told in a language that is not theirs',
    (f) => (reflectionOf(f).language = 'nl'),
  ],
  ['reflection-told', 'told tomorrow', (f) => (reflectionOf(f).toldOn = '2026-11-25')],
  ['reflection-time', 'told thirty days ago', (f) => (reflectionOf(f).toldOn = '2026-10-25')],
  [
    'reflection-time',
    'a longer time by national law',
    (f) => Object.assign(reflectionOf(f), { toldOn: '2026-09-20', days: 90 }),
  ],
  ...(
    ['legal-residence', 'asylum', 'remaining-without-papers', 'return', 'another-country'] as const
  ).map(
    (option): Row => [
      'options',
      `${option} not explained`,
      (f) =>
        (returnOf(f).optionsExplained = returnOf(f).optionsExplained.filter(
          (o) => o.option !== option,
        )),
    ],
  ),
  [
    'options',
    'consequences not told back',
    (f) =>
      Object.assign(returnOf(f).optionsExplained[0] ?? {}, { consequencesUnderstood: 'not-asked' }),
  ],
  [
    'options',
    'explained tomorrow',
    (f) => Object.assign(returnOf(f).optionsExplained[0] ?? {}, { explainedOn: '2026-11-25' }),
  ],
  ['return-basis', 'no section return', (f) => void delete f.caseFile.sections.return],
  [
    'return-basis',
    'nobody asked about a removal',
    (f) => void delete f.caseFile.preparation?.removal,
  ],
  ['return-basis', 'an unknown order', (f) => (removalOf(f).order = 'not-known')],
  ['return-basis', 'a removal in force called own wish', (f) => (removalOf(f).order = 'in-force')],
  ['return-basis', 'a detention called own wish', (f) => (removalOf(f).detained = 'yes')],
  ['return-basis', 'a detention that is none', (f) => (returnOf(f).basis = 'detention')],
  ['return-basis', 'a removal that is none', (f) => (returnOf(f).basis = 'removal-ordered')],
  [
    'return-basis',
    'nobody asked whether it is free',
    (f) => (preparationOf(f).decidedFreely = 'not-asked'),
  ],
  ['able-now', 'somebody in shock', (f) => (preparationOf(f).waitBecause = ['in-shock'])],
  ['age', 'a birth date of a child', (f) => setBirth(f, '2009-11-25')],
  ['risk-ours', 'no assessment of ours', (f) => Object.assign(f.referral ?? {}, { ours: null })],
  [
    'risk-ours',
    'ours of 15 days ago',
    (f) => Object.assign(f.referral?.ours ?? {}, { assessedAt: NOW - 15 * DAY }),
  ],
  [
    'risk-theirs',
    'no assessment of theirs',
    (f) => Object.assign(f.referral ?? {}, { theirs: null }),
  ],
  [
    'risk-theirs',
    'theirs of 15 days ago',
    (f) => Object.assign(f.referral?.theirs ?? {}, { assessedAt: NOW - 15 * DAY }),
  ],
  [
    'risk-joint',
    'no answer of one to the other',
    (f) => Object.assign(f.referral?.theirs ?? {}, { answersSeq: 0 }),
  ],
  ['asked-again', 'nobody asked again', (f) => (f.reconfirmedAt = 0)],
  ['asked-again', 'asked before the acceptance', (f) => (f.reconfirmedAt = NOW - 2 * DAY)],
  ['asked-again', 'asked tomorrow', (f) => (f.reconfirmedAt = NOW + DAY)],
  ['asked-again', 'no acceptance', (f) => Object.assign(f.referral ?? {}, { acceptedAt: 0 })],
];

const FROM_CHILD: Row[] = [
  ['second-person', 'nobody else', (f) => (f.hasSecond = false)],
  ['guardian', 'an appointment nobody checked', (f) => (childOf(f).guardian.checked = false)],
  ['guardian', 'one who is not independent', (f) => (childOf(f).guardian.independent = false)],
  ['guardian', 'one appointed tomorrow', (f) => (childOf(f).guardian.appointedOn = '2026-11-25')],
  ['guardian', 'the caregiver as guardian', (f) => (childOf(f).guardian.name = ' aunt  EXAMPLE')],
  [
    'guardian',
    'the caregiver under another name',
    (f) => (childOf(f).guardian.phone = childOf(f).receivingCaregiver.phone),
  ],
  [
    'guardian',
    'the worker who meets as guardian',
    (f) => (childOf(f).guardian.name = 'Worker Example Three'),
  ],
  [
    'best-interests',
    'a decision that is not return',
    (f) => (childOf(f).bestInterests.decision = 'no-return'),
  ],
  [
    'best-interests',
    'a decision still to come',
    (f) => (childOf(f).bestInterests.decision = 'pending'),
  ],
  ['best-interests', 'no day of it', (f) => void delete childOf(f).bestInterests.decidedOn],
  [
    'best-interests',
    'a review that is due',
    (f) => (childOf(f).bestInterests.reviewBy = '2026-11-23'),
  ],
  ['child-heard', 'a child heard tomorrow', (f) => (childOf(f).heardOn = '2026-11-25')],
  ['child-agrees', 'the own no', (f) => (childOf(f).agreesToReturn = 'no')],
  [
    'child-agrees',
    'a child who does not say',
    (f) => (childOf(f).agreesToReturn = 'declines-to-say'),
  ],
  ['child-agrees', 'a child who was not asked', (f) => (childOf(f).agreesToReturn = 'not-asked')],
  ['caregiver', 'a home not yet known', (f) => (childOf(f).careArrangement = 'pending')],
  [
    'caregiver',
    'a home that is not safe',
    (f) => (childOf(f).familyAssessment.result = 'not-safe'),
  ],
  ['parents-kept-out', 'a home with the parents', (f) => (childOf(f).careArrangement = 'parents')],
  [
    'parents-kept-out',
    'a mother who knows',
    (f) => {
      for (const one of f.caseFile.sections.family?.members ?? []) {
        if (one.relation === 'mother') one.knowsOfReturn = 'yes';
      }
    },
  ],
  [
    'parents-kept-out',
    'a stepfather as caregiver',
    (f) => (childOf(f).receivingCaregiver.relation = 'Stepfather'),
  ],
  [
    'parents-kept-out',
    'a father who is called',
    (f) =>
      f.caseFile.sections.arrival?.ifNotThere.call.push({
        name: 'Example',
        role: 'Father',
        phone: '+40000000099',
      }),
  ],
  [
    'parents-kept-out',
    'nothing that says it',
    (f) => {
      if (f.caseFile.sections.contact) f.caseFile.sections.contact.mustNotBeTold = [];
      if (f.consent) f.consent.withheldFrom = [];
    },
  ],
  [
    'guardian-and-assent',
    'a yes by the child alone',
    (f) => Object.assign(f.consent ?? {}, { givenBy: 'self' }),
  ],
  ['guardian-and-assent', 'no yes of the child', (f) => void delete f.consent?.childAssent],
  ['reflection-time', 'a time cut short, as only an adult may', begunYesterday],
];

function setBirth({ caseFile }: ReadyFacts, value: string): void {
  Object.assign(caseFile.sections.identity?.birthDate ?? {}, { value });
}

function begunYesterday(facts: ReadyFacts): void {
  const begunByPerson = { on: '2026-11-23', askedFor: 'return' };
  Object.assign(reflectionOf(facts), { toldOn: '2026-11-20', begunByPerson });
}

describe('a release with one condition taken away', () => {
  it.each(FROM_ADULT)('is refused by %s alone or first: %s', (code, _, spoil) => {
    const facts = ready('adult');
    spoil(facts);
    expect(openIn(facts)).toContain(code);
  });

  it.each(FROM_CHILD)('of a child is refused by %s, and by nothing else: %s', (code, _, spoil) => {
    const facts = ready('child');
    spoil(facts);
    expect(openIn(facts)).toEqual([code]);
  });

  it('has a row for every condition', () => {
    const rows = new Set([...FROM_ADULT, ...FROM_CHILD].map(([code]) => code));
    const elsewhere: ReadyCode[] = ['own-yes', 'removal-told', 'meeting-wish'];
    expect([...rows, ...elsewhere].toSorted()).toEqual([...READY_CODES].toSorted());
  });

  it('says it in sentences of at most fifteen words', () => {
    for (const [name, rows] of [
      ['adult', FROM_ADULT],
      ['child', FROM_CHILD],
    ] as const) {
      for (const [, , spoil] of rows) {
        const facts = ready(name);
        spoil(facts);
        for (const { words } of readiness(facts).items) {
          for (const sentence of words.split(/[.;:] ?/)) {
            expect(sentence.split(' ').length, sentence).toBeLessThanOrEqual(15);
          }
        }
      }
    }
  });
});

describe('the reflection time', () => {
  it('is over on the day after the last whole one, and not a second before', () => {
    const facts = ready('adult');
    reflectionOf(facts).toldOn = '2026-10-20';
    const endsAt = Date.UTC(2026, 10, 20) / 1000;
    expect(openIn({ ...facts, step: 'request', nowSeconds: endsAt - 1 })).toEqual([
      'reflection-time',
    ]);
    expect(openIn({ ...facts, step: 'request', nowSeconds: endsAt })).toEqual([]);
    const early = readiness({ ...facts, nowSeconds: endsAt - 1 });
    const told = early.items.find(({ code }) => code === 'reflection-time');
    expect(told?.notBefore).toBe('2026-11-20');
  });

  it('lets the person begin contact, and is said to be begun by the person', () => {
    const facts = ready('adult', 'request');
    begunYesterday(facts);
    Object.assign(reflectionOf(facts).begunByPerson ?? {}, { askedFor: 'contact' });
    for (const one of returnOf(facts).optionsExplained) one.explainedOn = '2026-11-22';
    expect(openIn(facts)).toEqual([]);
    const { items } = readiness(facts);
    expect(items.find(({ code }) => code === 'reflection-time')?.words).toContain('by themselves');
    // Contact was asked for, and no decision.
    expect(openIn({ ...ready('adult'), caseFile: facts.caseFile })).toEqual(['reflection-time']);
  });

  it('is not begun by a wish from before it was told, or of tomorrow', () => {
    for (const on of ['2026-11-19', '2026-11-25']) {
      const facts = ready('adult', 'request');
      begunYesterday(facts);
      Object.assign(reflectionOf(facts).begunByPerson ?? {}, { on });
      expect(openIn(facts)).toEqual(['reflection-time']);
    }
  });
});

describe('a removal or detention', () => {
  function forced(): ReadyFacts {
    const facts = ready('adult');
    returnOf(facts).basis = 'detention';
    Object.assign(removalOf(facts), {
      detained: 'yes',
      toldOf: ['lawyer', 'suspension', 'identification', 'asylum'],
      wantsToBeMet: 'yes',
    });
    preparationOf(facts).decidedFreely = 'no';
    return facts;
  }

  it('lets a short package go on the yes alone; what is missing is never shown as done', () => {
    const facts = forced();
    delete facts.caseFile.preparation?.reflection;
    returnOf(facts).optionsExplained = [];
    facts.referral = { acceptedAt: NOW - DAY, ours: null, theirs: null };
    const { isReady, isShort, items } = readiness(facts);
    expect({ isReady, isShort }).toEqual({ isReady: true, isShort: true });
    const missing = items.filter(({ state }) => state === 'missing').map(({ code }) => code);
    expect(missing).toEqual([
      'reflection-told',
      'reflection-time',
      'options',
      'risk-ours',
      'risk-theirs',
      'risk-joint',
    ]);
  });

  it.each(['lawyer', 'suspension', 'identification', 'asylum'] as const)(
    'goes nowhere before the person heard of %s',
    (way) => {
      const facts = forced();
      const removal = removalOf(facts);
      removal.toldOf = (removal.toldOf ?? []).filter((one) => one !== way);
      expect(openIn(facts)).toEqual(['removal-told']);
    },
  );

  it.each(['no', 'not-asked', 'declines-to-say'] as const)(
    'goes nowhere where the meeting is %s',
    (wish) => {
      const facts = forced();
      removalOf(facts).wantsToBeMet = wish;
      expect(openIn(facts)).toEqual(['meeting-wish']);
    },
  );

  it('leaves what protects the person and not a plan in force', () => {
    const facts = { ...forced(), reconfirmedAt: 0 };
    preparationOf(facts).waitBecause = ['tired'];
    expect(openIn(facts)).toEqual(['able-now', 'asked-again']);
    const binding = READY_CODES.filter((code) => !MAY_BE_MISSING.has(code));
    expect(binding).toContain('parents-kept-out');
    expect(binding).toContain('own-yes');
  });

  it('is none where the case only calls it so', () => {
    const facts = forced();
    removalOf(facts).detained = 'no';
    expect(openIn(facts)).toEqual(['return-basis']);
  });
});

describe('age', () => {
  it('in doubt counts as child', () => {
    const facts = ready('child');
    facts.caseFile.sections.minimum.child = 'in-doubt';
    childOf(facts).guardian.checked = false;
    setBirth(facts, '2000-01-01');
    expect(openIn(facts)).toEqual(['guardian']);
  });

  it('of 18 reached meanwhile asks for the own yes, from that very day', () => {
    const facts = ready('child');
    setBirth(facts, '2008-11-25');
    expect(openIn(facts)).toEqual([]);
    setBirth(facts, '2008-11-24');
    expect(openIn(facts)).toEqual(['own-yes']);
    expect(openIn({ ...facts, step: 'request' })).toEqual(['own-yes']);
  });

  it('of 18 is known without section identity, too', () => {
    const facts = ready('child');
    delete facts.caseFile.sections.identity;
    preparationOf(facts).turns18On = '2026-11-24';
    expect(openIn(facts)).toEqual(['own-yes']);
  });

  it('of 18 ends the rules of a child, once the own yes is there', () => {
    const facts = ready('child');
    setBirth(facts, '2008-11-20');
    childOf(facts).guardian.checked = false;
    const events = facts.consent?.events ?? [];
    Object.assign(facts.consent ?? {}, { givenBy: 'self' });
    expect(openIn(facts)).toEqual(['own-yes']);
    Object.assign(events.at(-1) ?? {}, {
      eventTime: '2026-11-23T10:00:00Z',
      eventState: 'renewed',
    });
    expect(openIn(facts)).toEqual([]);
  });
});

describe("the child's own no", () => {
  it('stops the return until the authority decided again, after it', () => {
    const facts = ready('child');
    childOf(facts).agreesToReturn = 'no';
    childOf(facts).bestInterests.decidedOn = childOf(facts).heardOn;
    expect(openIn(facts)).toEqual(['child-agrees']);
    childOf(facts).bestInterests.decidedOn = '2026-10-01';
    expect(openIn(facts)).toEqual([]);
  });
});

describe('a family that was found not safe', () => {
  it('keeps a child from kin and parents, and not from a place elsewhere', () => {
    const facts = ready('child');
    const child = childOf(facts);
    Object.assign(child.familyAssessment, { result: 'not-safe', familyInvolvement: 'none-known' });
    const openAt = (['parents', 'kinship', 'foster', 'small-group-home'] as const).map((place) => {
      child.careArrangement = place;
      return openIn(facts);
    });
    expect(openAt).toEqual([['caregiver'], ['caregiver'], [], []]);
    child.familyAssessment.result = 'pending';
    expect(openIn(facts)).toEqual(['caregiver']);
  });
});

describe('parents', () => {
  it('are no concern where no involvement of the family is known', () => {
    const facts = ready('child');
    childOf(facts).careArrangement = 'parents';
    childOf(facts).familyAssessment.familyInvolvement = 'none-known';
    expect(openIn(facts)).toEqual([]);
    childOf(facts).familyAssessment.familyInvolvement = 'not-known';
    expect(openIn(facts)).toEqual(['parents-kept-out']);
  });
});

describe('a person whose status is only possible', () => {
  it('is as ready as one who was formally identified', () => {
    for (const status of ['possible', 'actual'] as const) {
      const facts = ready('adult');
      facts.caseFile.sections.minimum.status = status;
      expect(openIn(facts)).toEqual([]);
    }
  });
});
