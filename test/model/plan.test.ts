import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { PERSONAL_SECTIONS, SECTIONS, WORKING_SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { consentState } from '#model/plan/consent.ts';
import { isChild, isHighRisk, needsSecondPerson } from '#model/plan/minimum.ts';
import { reasonFits, STEP_REASONS } from '#model/plan/reason.ts';
import { encodeSection, parseSection, SECTION_SCHEMAS } from '#model/plan/sections.ts';
import { SERVICE_CODES } from '#model/plan/service-codes.ts';
import { Refusal } from '#model/refusal.ts';
import { canaryCase } from './canary-case.ts';

const { sections } = canaryCase();
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function refusalOf(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

function visitFields(
  schema: JsonSchema,
  path: string,
  seen: (path: string, field: JsonSchema) => void,
): void {
  for (const [name, field] of Object.entries(
    (schema.properties ?? {}) as Record<string, JsonSchema>,
  )) {
    seen(`${path}.${name}`, field);
    visitFields(field, `${path}.${name}`, seen);
  }
  if (schema.items) {
    seen(`${path}[]`, schema.items as JsonSchema);
    visitFields(schema.items as JsonSchema, `${path}[]`, seen);
  }
}

describe('sections of the plan', () => {
  it('have one schema for every name and no other', () => {
    expect(Object.keys(SECTION_SCHEMAS)).toEqual([...PERSONAL_SECTIONS, ...WORKING_SECTIONS]);
  });

  it.each(SECTIONS)('%s comes back from its bytes as it was', (name) => {
    const encoded = encodeSection(name, sections[name]);
    expect(parseSection(name, encoded)).toEqual(sections[name]);
    expect(encodeSection(name, parseSection(name, encoded))).toEqual(encoded);
  });

  it.each(SECTIONS)('%s describes every field, and no object in it is open', (name) => {
    const schema = z.toJSONSchema(SECTION_SCHEMAS[name], { io: 'input' });
    expect(schema.additionalProperties).toBe(false);
    visitFields(schema, name, (path, field) => {
      expect.soft(field.description, path).toBeTypeOf('string');
      if (field.type === 'object') expect.soft(field.additionalProperties, path).toBe(false);
    });
  });

  it.each(SECTIONS)('%s bounds every text and every list', (name) => {
    visitFields(z.toJSONSchema(SECTION_SCHEMAS[name], { io: 'input' }), name, (path, field) => {
      const formed = field.enum || field.const !== undefined || field.format || field.pattern;
      if (field.type === 'string' && !field.maxLength) expect.soft(formed, path).toBeTruthy();
      if (field.type === 'array') expect.soft(field.maxItems, path).toBeGreaterThan(0);
    });
  });

  it('have no field for co-operation with police or prosecution', () => {
    const fields: string[] = [];
    for (const name of SECTIONS) {
      visitFields(z.toJSONSchema(SECTION_SCHEMAS[name]), name, (path) => fields.push(path));
    }
    expect(fields.length).toBeGreaterThan(300);
    expect(fields.filter((path) => /polic|operat|prosecut|testif|statement/i.test(path))).toEqual(
      [],
    );
  });

  it('have no field in health for HIV or STI results', () => {
    const fields: string[] = [];
    visitFields(z.toJSONSchema(SECTION_SCHEMAS.health), 'health', (path) => fields.push(path));
    expect(fields.filter((path) => /hiv|sti\b|result|test/i.test(path))).toEqual([]);
  });
});

describe('bytes of a section', () => {
  it('are refused with the place of the fault and without a cause when a field is wrong', () => {
    const canary = 'ZZ-VALUE';
    const wrong = { urgentNeeds: [canary, 7], [canary]: canary, pregnancy: canary };
    const refusal = refusalOf(() => encodeSection('health', wrong));
    expect(refusal.code).toBe('SCHEMA_VIOLATION');
    expect(refusal.message).toContain('Section health');
    expect(refusal.message).toContain('urgentNeeds[1]');
    expect(JSON.stringify([refusal.message, refusal.stack])).not.toContain(canary);
    expect(refusal.cause).toBeUndefined();
    expect(refusalOf(() => parseSection('health', bytes(wrong))).message).toBe(refusal.message);
  });

  it('are refused without a quotation when they are not JSON or not UTF-8', () => {
    const text = refusalOf(() =>
      parseSection('note', new TextEncoder().encode('{"text": ZZ-VALUE}')),
    );
    expect(text.message).toBe('Section note is not JSON in UTF-8.');
    expect(text.cause).toBeUndefined();
    const broken = refusalOf(() => parseSection('note', Uint8Array.of(0x22, 0xff, 0x22)));
    expect(broken.code).toBe('SCHEMA_VIOLATION');
  });

  it('are refused as too large before they are read', () => {
    const large = new Uint8Array(limits.sectionBytesMax + 1);
    expect(refusalOf(() => parseSection('note', large)).code).toBe('TOO_LARGE');
  });

  it('are refused when a key is __proto__', () => {
    const text = '{"text":"a","__proto__":{"text":"b"}}';
    const refusal = refusalOf(() => parseSection('note', new TextEncoder().encode(text)));
    expect(refusal.code).toBe('SCHEMA_VIOLATION');
  });
});

describe('minimum', () => {
  it('counts age in doubt as child and risk not known as high', () => {
    expect(isChild({ child: 'in-doubt' })).toBe(true);
    expect(isChild({ child: 'no' })).toBe(false);
    expect(isHighRisk({ riskLevel: 'not-known' })).toBe(true);
    expect(isHighRisk({ riskLevel: 'medium' })).toBe(false);
    expect(needsSecondPerson({ child: 'no', riskLevel: 'low' })).toBe(false);
    expect(needsSecondPerson({ child: 'in-doubt', riskLevel: 'low' })).toBe(true);
    expect(needsSecondPerson({ child: 'no', riskLevel: 'high' })).toBe(true);
  });

  it('refuses an age band that contradicts the answer on being a child', () => {
    const schema = SECTION_SCHEMAS.minimum;
    const base = sections.minimum as z.infer<typeof schema>;
    expect(schema.safeParse({ ...base, child: 'no' }).success).toBe(false);
    expect(schema.safeParse({ ...base, ageBand: '25-39' }).success).toBe(false);
    expect(schema.safeParse({ ...base, child: 'in-doubt', ageBand: '18-24' }).success).toBe(true);
  });

  it('refuses a name', () => {
    const named = { ...(sections.minimum as object), preferredName: 'Test Person' };
    expect(SECTION_SCHEMAS.minimum.safeParse(named).success).toBe(false);
  });
});

describe('consent', () => {
  const schema = SECTION_SCHEMAS.consent;
  const base = sections.consent as z.infer<typeof schema>;

  it.each(['partners', 'others', 'https://a.example, https://b.example', 'http://a.example'])(
    'refuses %s as a recipient',
    (recipient) => {
      expect(schema.safeParse({ ...base, recipientThirdParties: [recipient] }).success).toBe(false);
    },
  );

  it('names exactly one recipient', () => {
    const two = ['https://a.example', 'https://b.example'];
    expect(schema.safeParse({ ...base, recipientThirdParties: two }).success).toBe(false);
    expect(schema.safeParse({ ...base, recipientThirdParties: [] }).success).toBe(false);
  });

  it.each([
    'understandingToldBack',
    'accompaniedByNobodyLinked',
    'toldNoEffectOnHelp',
    'toldDangerGoesAlong',
    'toldWhatMustBeReported',
    'toldSafetySearch',
  ])('is not valid without %s', (field) => {
    expect(schema.safeParse(base).success).toBe(true);
    expect(schema.safeParse({ ...base, [field]: false }).success).toBe(false);
  });

  it('is in the state of its newest event, whatever their order', () => {
    const event = (eventTime: string, eventState: 'given' | 'withdrawn') => ({
      eventTime,
      eventState,
      eventType: 'explicit' as const,
      entityId: 'https://a.example',
    });
    const given = event('2027-01-01T10:00:00+02:00', 'given');
    const withdrawn = event('2027-01-01T09:00:00Z', 'withdrawn');
    expect(consentState({ events: [withdrawn, given] })).toBe('withdrawn');
    expect(consentState({ events: [given, withdrawn] })).toBe('withdrawn');
  });
});

describe('offer', () => {
  const schema = SECTION_SCHEMAS.offer;
  const room = {
    code: 'accommodation.shelter',
    answer: 'offered',
    freeOfAuthorities: true,
    mayGoOut: 'yes',
    keepPhone: 'yes',
    leaveWhenWanted: 'yes',
  };
  const accepts = (service: object) => schema.safeParse({ services: [service] }).success;

  it.each(['offered', 'partly', 'waitlist'])(
    'refuses the answer %s for a service tied to what the person does for an authority',
    (answer) => {
      expect(accepts({ ...room, answer })).toBe(true);
      expect(accepts({ ...room, answer, freeOfAuthorities: false })).toBe(false);
    },
  );

  it('takes such a service as not offered', () => {
    const tied = { code: 'accommodation.shelter', answer: 'not-offered', freeOfAuthorities: false };
    expect(accepts(tied)).toBe(true);
  });

  it.each(['mayGoOut', 'keepPhone', 'leaveWhenWanted'])('tells %s of a place to live', (rule) => {
    expect(accepts({ ...room, [rule]: undefined })).toBe(false);
    expect(accepts({ ...room, code: 'legal.wages', [rule]: undefined })).toBe(true);
  });
});

describe('other sections', () => {
  it('tell no authority of a missed arrival unless the person said when', () => {
    const arrival = structuredClone(sections.arrival) as {
      ifNotThere: { tellAuthority?: string; tellAuthorityWhen?: string };
    };
    delete arrival.ifNotThere.tellAuthority;
    delete arrival.ifNotThere.tellAuthorityWhen;
    const parsed = SECTION_SCHEMAS.arrival.parse(arrival);
    expect(parsed.ifNotThere.tellAuthority).toBe('no');
    arrival.ifNotThere.tellAuthority = 'only-when';
    expect(SECTION_SCHEMAS.arrival.safeParse(arrival).success).toBe(false);
  });

  it('take not asked and declined as ratings without a rater, a number only with one', () => {
    const rated = (housing: object) => {
      const outcomes = { ...(sections.report as { outcomes: object }).outcomes, housing };
      return SECTION_SCHEMAS.report.safeParse({ ...(sections.report as object), outcomes }).success;
    };
    expect(rated({ rating: 'not-asked' })).toBe(true);
    expect(rated({ rating: 'declined' })).toBe(true);
    expect(rated({ rating: 4, ratedBy: 'survivor' })).toBe(true);
    expect(rated({ rating: 4 })).toBe(false);
    expect(rated({ rating: 5, ratedBy: 'worker' })).toBe(false);
  });

  it('take a report that says no more than in contact, yes or no', () => {
    const least = { doneOn: '2027-03-01', mode: 'phone', personAgreed: true, inContact: 'no' };
    expect(SECTION_SCHEMAS.report.safeParse(least).success).toBe(true);
  });

  it.each([
    ['contact', 'lastVerified', '2027-03-01T10:00:00'],
    ['contact', 'codeWordHash', 'blue kettle'],
    ['consent', 'jurisdiction', 'ZZ'],
    ['consent', 'language', 'Bulgarian'],
    ['danger', 'confirmedOn', '2027-02-30'],
    ['note', 'text', 'a\u0000b'],
    ['note', 'text', ''],
  ] as const)('%s refuses a %s of %j', (name, field, value) => {
    const schema: z.ZodType = SECTION_SCHEMAS[name];
    expect(schema.safeParse(sections[name]).success).toBe(true);
    expect(schema.safeParse({ ...(sections[name] as object), [field]: value }).success).toBe(false);
  });

  it('give each step with a reason its own codes and no free text', () => {
    expect(reasonFits('declined', 'no-capacity')).toBe(true);
    expect(reasonFits('completed', 'no-capacity')).toBe(false);
    expect(reasonFits('arrived', 'other')).toBe(false);
    for (const codes of Object.values(STEP_REASONS)) {
      for (const code of codes)
        expect(SECTION_SCHEMAS.reason.safeParse({ code }).success).toBe(true);
    }
    const talkative = { code: 'other', text: 'because' };
    expect(SECTION_SCHEMAS.reason.safeParse(talkative).success).toBe(false);
  });

  it('know each service code once', () => {
    expect(new Set(SERVICE_CODES).size).toBe(SERVICE_CODES.length);
  });
});
