import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { SECTIONS } from '#model/codes.ts';
import { HOLDINGS, PersonCopy } from '#model/person-copy.ts';
import { copyPlan } from '#model/person-copy-plan.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { copyPage } from '#services/paper/copy-page.ts';
import { sectionWords } from '#services/paper/section-words.ts';
import { answerWords, durationWords, fieldWords } from '#services/paper/words.ts';

import { faultsOfWords, sentencesOf } from './plain-words.ts';

const HOUSE = { organisation: 'https://house.example', name: 'House' };
const HOME = { organisation: 'https://home.example', name: 'Home <b>Again</b>' };
const until = '2027-02-20T10:00:00Z';

const cell = { stage: 'package', purpose: 'provide-services' } as const;

const empty: PersonCopy = {
  srxPersonCopy: 1,
  madeAt: '2027-01-20T10:00:00Z',
  madeBy: HOUSE,
  leftOut: ['Places, travel and times. Your worker knows them.'],
  holders: [],
  openings: [],
  toldOutside: [],
  agreements: [],
  plan: {},
};

const full: PersonCopy = {
  ...empty,
  holders: [
    {
      ...HOME,
      sections: HOLDINGS.map((state, at) => ({
        section: SECTIONS[at] ?? 'note',
        state,
        ...(state === 'may-be-read' && { until }),
        ...(state === 'kept-under-law' && { law: 'Archives Act', until }),
      })),
      answers: [
        { sections: [], saidAt: '2027-01-03T10:00:00Z', answeredAt: '2027-01-04T10:00:00Z' },
        { sections: ['legal'], saidAt: '2027-01-05T10:00:00Z' },
      ],
    },
  ],
  openings: [{ organisation: HOME.organisation, role: 'caseworker', section: 'health', at: until }],
  toldOutside: [
    {
      to: 'emergency-service',
      country: 'NL',
      why: 'save-a-life',
      law: 'Article 1 (invented)',
      at: '2027-01-02T10:00:00Z',
      sections: ['health'],
    },
  ],
  agreements: [
    {
      recipient: HOME,
      answers: [
        { ...cell, section: 'health', direction: 'to-recipient', answer: 'yes', until },
        { ...cell, section: 'report', direction: 'from-recipient', answer: 'yes', until },
        { ...cell, section: 'family', direction: 'to-recipient', answer: 'no' },
        { ...cell, section: 'note', direction: 'from-recipient', answer: 'no' },
      ],
    },
  ],
  plan: {
    note: undefined,
    identity: { preferredName: '<script>alert(1)</script> نادية' },
  } as never,
};

/** Every name of a field and every answer from a list that may stand in a copy. */
function namesAndAnswers(schema: unknown): { names: string[]; answers: string[] } {
  if (typeof schema !== 'object' || schema === null) return { names: [], answers: [] };
  const properties = 'properties' in schema ? Object.keys(schema.properties ?? {}) : [];
  const listed = 'enum' in schema && Array.isArray(schema.enum) ? schema.enum : [];
  const below = Object.values(schema).map(namesAndAnswers);
  return {
    names: [...properties, ...below.flatMap(({ names }) => names)],
    answers: [...listed.map(String), ...below.flatMap(({ answers }) => answers)],
  };
}

describe('the page of her copy', () => {
  it('says who has what, in which state, who opened it and what she said', () => {
    const sentences = sentencesOf(copyPage(full));
    for (const said of [
      'They can read it until 20 February 2027.',
      'It is closed.',
      'It is closed, and kept under a law:',
      'They erase it on 20 February 2027.',
      'They have erased it.',
      'They have not got it.',
      'You said no to all of it on 3 January 2027.',
      'They answered on 4 January 2027.',
      'They have not answered yet.',
      'a caseworker',
      'Your health, to give you help, until 20 February 2027.',
      'emergency service, Netherlands.',
      'save a life.',
      'It comes back to us:',
      'How you are later, to give you help, until 20 February 2027.',
      'It does not go there:',
      'Your family, to give you help.',
      'Questions and notes about you, to give you help.',
    ]) {
      expect(sentences).toContain(said);
    }
    // What comes back stands there alone, and not among what goes.
    const back = sentences.filter((one) => one.startsWith('How you are later,'));
    expect(back).toHaveLength(1);
  });

  it('says so where there is nothing', () => {
    const sentences = sentencesOf(copyPage(empty));
    expect(sentences).toContain('Nobody else has anything from us.');
    expect(sentences).toContain('Nobody has opened it.');
    expect(sentences).toContain('You have not said yes to anything yet.');
  });

  it('shows what somebody wrote as text, in the direction of its language', () => {
    const page = copyPage(full);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; نادية</span>');
    expect(page).toContain('<span dir="auto">');
    expect(page).toContain('Home &lt;b&gt;Again&lt;/b&gt;');
    expect(page).toContain('<html lang="en" dir="ltr">');
  });

  it('runs nothing, fetches nothing, and bears a title without a topic', () => {
    for (const page of [copyPage(full), copyPage(empty)]) {
      expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|\bon\w+="/i);
      expect(page).toContain("default-src 'none'");
      expect(page).toContain('<title>Copy</title>');
    }
  });

  it('is in plain words, of the page, of each field and of each answer', () => {
    const words = [...sentencesOf(copyPage(full)), ...sentencesOf(copyPage(empty))];
    const { names, answers } = namesAndAnswers(z.toJSONSchema(PersonCopy, { io: 'input' }));
    expect(names.length).toBeGreaterThan(150);
    expect(answers.length).toBeGreaterThan(300);
    const labels = [...names.map(fieldWords), ...answers.map(answerWords)];
    expect(faultsOfWords([...words, ...labels])).toEqual([]);
    expect(labels.filter((label) => /[a-z][A-Z]|[_.]|-/.test(label))).toEqual([]);
  });

  it.each(['adult.yaml', 'child.yaml', 'labour.yaml'])('tells all of %s', async (name) => {
    const url = new URL(`../../deploy/cases/${name}`, import.meta.url);
    const read = readCaseFile(await readFile(url, 'utf8'), name);
    if (!read.ok) throw new Error('the example is wrong');
    const plan = copyPlan(read.caseFile.sections, true);
    const receipt = read.caseFile.sections.consent;
    const agreements = receipt ? [{ recipient: HOME, answers: [], receipt }] : [];
    const page = copyPage({ ...empty, plan, agreements });
    const headings = sentencesOf(page);
    for (const section of SECTIONS) {
      expect(headings.includes(sectionWords(section)), section).toBe(
        section in plan || isCovered(section),
      );
    }
    expect(page).not.toMatch(/\[object|undefined|NaN|Invalid/);

    /** The receipt names what it covers. */
    function isCovered(section: string): boolean {
      return receipt?.piiInformation.some((one) => one === section) ?? false;
    }
  });

  it('says for how long in words', () => {
    expect(durationWords('P1Y6M10D')).toBe('1 year, 6 months, 10 days');
  });
});
