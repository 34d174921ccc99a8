// A case with a word of its own in every field that takes text, so that a test
// can show where none of them may be found. Made by walking the schemas: a new
// field gets its word by itself.
import { z } from 'zod';

import { CaseFile } from '#model/case-file.ts';
import { PERSONAL_SECTIONS, SECTIONS, type SectionName } from '#model/codes.ts';
import { SECTION_SCHEMAS } from '#model/plan/sections.ts';
import { Preparation } from '#model/preparation.ts';

export type Canaries = {
  caseFile: CaseFile;
  /** One valid value for each section, those outside a case file too. */
  sections: Record<SectionName, unknown>;
  /** Every word and telephone number in them. */
  words: string[];
};

const CANARY_REFERRING = 'https://harbour-house.example';
const CANARY_RECEIVING = 'https://homeward-hands.example';

type Schema = z.core.JSONSchema.JSONSchema;

/** Chosen by hand where rules between fields or organisations ask for it. */
const CHOSEN: Readonly<Record<string, unknown>> = {
  'minimum.child': 'yes',
  'minimum.ageBand': '12-15',
  'minimum.riskLevel': 'high',
  'risk.level': 'high',
  'contact.channels.0.kind': 'phone',
  'contact.channels.0.safe': 'only-when',
  'consent.piiInformation': PERSONAL_SECTIONS.filter((name) => name !== 'report'),
  'consent.piiControllers.0.entityId': CANARY_REFERRING,
  'consent.recipientThirdParties.0': CANARY_RECEIVING,
  'consent.events.0.entityId': CANARY_REFERRING,
  'consent.events.0.eventState': 'given',
  'consent.givenBy': 'guardian-with-assent',
  'return.optionsExplained': [
    'legal-residence',
    'asylum',
    'remaining-without-papers',
    'return',
    'another-country',
  ].map((option) => ({ option, explainedOn: '2026-02-02', consequencesUnderstood: 'yes' })),
  'identity.birthDate.value': '2012-03-01',
  'child.guardian.appointedOn': '2026-02-02',
  'child.bestInterests.decidedOn': '2026-02-02',
  'child.heardOn': '2026-02-02',
  'preparation.reflection.toldOn': '2026-02-02',
  'preparation.waitBecause': [],
  'preparation.turns18On': '2030-03-01',
  'arrival.ifNotThere.tellAuthority': 'only-when',
  'offer.services.0.answer': 'offered',
  'offer.services.0.freeOfAuthorities': true,
};

/** Values for texts of a set form, tried in turn. */
const FORMED = [
  '2027-03-01',
  '2027-03-01T12:00:00Z',
  'bg',
  'BG',
  'EUR',
  '10:00',
  'P30D',
  'Europe/Sofia',
  'a'.repeat(64),
  'a'.repeat(43),
];

export function canaryCase(): Canaries {
  const words: string[] = [];
  let phones = 0;

  const textFor = (schema: Schema, path: string): string => {
    if (schema.format === 'date') return '2027-03-01';
    if (schema.format === 'date-time') return '2027-03-01T12:00:00Z';
    if (schema.format === 'uuid') return '5b0c7a52-6d1e-4f6a-9c1d-3a2b1c0d9e8f';
    const word = `ZZ-${path.replaceAll('.', '-').toUpperCase()}-CANARY`;
    const phone = `+99988877${String(1000 + phones)}`;
    const fits = (text: string) =>
      (schema.pattern === undefined || new RegExp(schema.pattern).test(text)) &&
      text.length <= (schema.maxLength ?? text.length);
    if (fits(word)) {
      words.push(word);
      return word;
    }
    // A form before the telephone: no form is one, and one is personal.
    const formed = FORMED.find(fits);
    if (formed !== undefined) return formed;
    if (!fits(phone)) throw new Error(`no canary fits ${path}`);
    phones++;
    words.push(phone);
    return phone;
  };

  const fill = (schema: Schema, path: string): unknown => {
    if (path in CHOSEN) return CHOSEN[path];
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.type === 'string') return textFor(schema, path);
    if (schema.type === 'boolean') return true;
    if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
    if (schema.type === 'array') return [fill(schema.items as Schema, `${path}.0`)];
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
    return Object.fromEntries(properties.map(([key, part]) => [key, fill(part, `${path}.${key}`)]));
  };

  const filled = SECTIONS.map((name) => {
    const value = fill(z.toJSONSchema(SECTION_SCHEMAS[name], { io: 'input' }), name);
    return [name, SECTION_SCHEMAS[name].parse(value)] as const;
  });
  const sections = Object.fromEntries(filled) as Record<SectionName, unknown>;
  const preparation = fill(z.toJSONSchema(Preparation, { io: 'input' }), 'preparation');
  const inFile = filled.filter(([name]) => name in CaseFile.shape.sections.shape);
  const caseFile = CaseFile.parse({
    srxCaseFile: 1,
    // Without the mark that is sought: this code stands in the clear, and beside any byte.
    localCode: 'WORDS-1',
    preparation,
    sections: Object.fromEntries(inFile),
    grants: grants(inFile.map(([name]) => name)),
  });
  return { caseFile, sections, words };
}

function grants(names: readonly SectionName[]) {
  const until = '2031-12-31T23:59:59Z';
  const grant = (
    recipient: string,
    stage: string,
    purpose: string,
    sections: readonly string[],
  ) => ({
    recipient,
    sections,
    stage,
    purpose,
    until,
  });
  const packaged = [...names.filter((n) => n !== 'minimum' && n !== 'exploitation'), 'note'];
  return [
    grant(CANARY_RECEIVING, 'contact', 'find-support', ['minimum', 'note']),
    grant(CANARY_REFERRING, 'contact', 'find-support', ['note']),
    grant(CANARY_RECEIVING, 'assessment', 'assess-safety', ['risk']),
    grant(CANARY_REFERRING, 'assessment', 'assess-safety', ['risk']),
    grant(CANARY_RECEIVING, 'package', 'provide-services', packaged),
    grant(CANARY_RECEIVING, 'package', 'provide-services', ['exploitation']),
    grant(CANARY_REFERRING, 'package', 'provide-services', [
      'arrival',
      'danger',
      'contact',
      'plan',
    ]),
    grant(CANARY_REFERRING, 'follow-up', 'follow-up', ['report', 'note', 'plan', 'risk']),
  ];
}
