import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { CaseFile, CaseFileFields } from '#model/case-file.ts';
import { SECTIONS } from '#model/codes.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { STANDARD_TEXT } from '#model/consent-text.ts';
import { SECTION_SCHEMAS } from '#model/plan/sections.ts';
import type { ReadyFacts } from '#model/ready/items.ts';
import { readiness } from '#model/ready/ready.ts';

/** Words of a question that would make help, or the way home, a price for a statement. */
const BARGAIN =
  /police|prosecut(or|ion service)|co-?operat|collaborat|investigat|testif|press(ing)? charges|denounc|informant/i;

/** Names of fields, choices and what is said about them. */
function wordsOf(schema: z.ZodType): string[] {
  const found: string[] = [];
  const walk = (node: unknown): void => {
    if (typeof node === 'string') found.push(node);
    else if (Array.isArray(node)) node.forEach(walk);
    else if (typeof node === 'object' && node !== null) {
      for (const [name, value] of Object.entries(node)) {
        found.push(name);
        walk(value);
      }
    }
  };
  walk(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return found;
}

const ASKED: [what: string, words: string[]][] = [
  ['the case file', wordsOf(CaseFileFields)],
  ['the consent form', wordsOf(ConsentForm)],
  ['the text that is read out', [STANDARD_TEXT]],
  ...SECTIONS.map((name): [string, string[]] => [
    `section ${name}`,
    wordsOf(SECTION_SCHEMAS[name]),
  ]),
];

describe('nothing asks whether the person co-operates with police or prosecution', () => {
  it.each(ASKED)('in %s', (_, words) => {
    expect(words.length).toBeGreaterThan(0);
    expect(words.filter((word) => BARGAIN.test(word))).toEqual([]);
  });
});

/** A case file of deploy/cases on a day on which it may be released. */
function factsOf(name: string): ReadyFacts {
  const text = readFileSync(new URL(`../../deploy/cases/${name}`, import.meta.url), 'utf8');
  const caseFile = CaseFile.parse(parse(text));
  const nowSeconds = Date.UTC(2026, 10, 24, 9) / 1000;
  return {
    step: 'release',
    caseFile,
    consent: caseFile.sections.consent ?? null,
    nowSeconds,
    hasSecond: true,
    referral: { acceptedAt: nowSeconds, ours: null, theirs: null },
    reconfirmedAt: nowSeconds,
  };
}

describe.each(['adult.yaml', 'child.yaml', 'labour.yaml'])('no gate of %s reads', (name) => {
  it('a proceeding, a role in it, or what happened', () => {
    const facts = factsOf(name);
    const had = readiness(facts);
    delete facts.caseFile.sections.legal;
    delete facts.caseFile.sections.exploitation;
    expect(readiness(facts)).toEqual(had);
  });

  it('whether somebody identified the person formally', () => {
    const facts = factsOf(name);
    const { minimum } = facts.caseFile.sections;
    const answers = (['possible', 'actual'] as const).map((status) => {
      return readiness({
        ...facts,
        caseFile: {
          ...facts.caseFile,
          sections: { ...facts.caseFile.sections, minimum: { ...minimum, status } },
        },
      });
    });
    expect(answers[0]).toEqual(answers[1]);
  });
});
