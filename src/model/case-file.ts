// A case file: what a caseworker brings, and the grants of the person beside it.
// It is local; only granted sections of it ever leave, each sealed by itself.
import { z } from 'zod';
import { caseFileRuleFaults } from './case-file-rules.ts';
import { CaseGrant } from './case-grant.ts';
import type { PersonalSection } from './codes.ts';
import { limits } from './limits.ts';
import { pathText } from './plan/field-path.ts';
import { SECTION_SCHEMAS } from './plan/sections.ts';
import { Preparation } from './preparation.ts';
import { Refusal } from './refusal.ts';

const S = SECTION_SCHEMAS;

/** The fields alone; `CaseFile` holds the rules between them too. */
export const CaseFileFields = z.strictObject({
  srxCaseFile: z.literal(1, 'Write 1.').describe('Version of this format: 1.'),
  localCode: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'Write up to 64 letters, digits, dots, dashes or underscores.',
    )
    .describe("The organisation's own code of the case; never a name or a document number."),
  sections: z
    .strictObject({
      minimum: S.minimum.describe('What a partner learns before it accepts; nothing else.'),
      identity: S.identity.describe('Who the person is.').optional(),
      contact: S.contact.describe('How the person may be reached, and how never.').optional(),
      consent: S.consent.describe('The consent receipt (ISO/IEC TS 27560).').optional(),
      danger: S.danger.describe('What could kill or gravely harm someone.').optional(),
      risk: S.risk.describe('Assessment of risk by one side.').optional(),
      return: S.return.describe('Why and how the person goes.').optional(),
      arrival: S.arrival.describe('The meeting on arrival.').optional(),
      needs: S.needs.describe('What the person needs, domain by domain.').optional(),
      plan: S.plan.describe('Goals and services.').optional(),
      health: S.health.describe('Health; HIV and STI results have no place in it.').optional(),
      legal: S.legal.describe('Residence, proceedings, claims, burdens.').optional(),
      family: S.family.describe('Family, kept small.').optional(),
      child: S.child.describe("What a child's return stands on.").optional(),
      exploitation: S.exploitation
        .describe('Codes only; excluded by default, by a grant of its own.')
        .optional(),
      documents: S.documents.describe('Documents that exist.').optional(),
    } satisfies Partial<Record<PersonalSection, z.ZodType>>)
    .describe('Sections of the service plan.'),
  preparation: Preparation.describe(
    'What must be true before anybody is asked; it never leaves.',
  ).optional(),
  grants: z
    .array(CaseGrant)
    .max(limits.grantsPerMessageMax)
    .describe('What the person said yes to. What is not granted does not leave.'),
});

export const CaseFile = CaseFileFields.superRefine((value, ctx) => {
  for (const { path, what, remedy } of caseFileRuleFaults(value)) {
    ctx.addIssue({ code: 'custom', path, message: what, params: { remedy } });
  }
});
export type CaseFile = z.infer<typeof CaseFile>;
export type CaseSection = keyof CaseFile['sections'];

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A case file in JSON, as a node takes it. Throws SCHEMA_VIOLATION or TOO_LARGE. */
export function parseCaseFile(bytes: Uint8Array): CaseFile {
  if (bytes.length > limits.caseFileBytesMax) {
    throw new Refusal('TOO_LARGE', `A case file has at most ${limits.caseFileBytesMax} bytes.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    // No cause: the parser's own message quotes the text.
    throw new Refusal('SCHEMA_VIOLATION', 'The case file is not JSON in UTF-8.');
  }
  const result = CaseFile.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues.slice(0, 3).map((issue) => pathText(issue.path) || 'the whole');
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `The case file has ${result.error.issues.length} faults, first at ${where.join(', ')}: ` +
      'run `srx case validate FILE` for all of them.',
  );
}

/** The same case with other entity ids, wherever one of the mapping stands. */
export function withOrganisations(
  caseFile: CaseFile,
  mapping: ReadonlyMap<string, string>,
): CaseFile {
  return replaced(caseFile, mapping) as CaseFile;
}

function replaced(value: unknown, mapping: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return mapping.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => replaced(item, mapping));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaced(item, mapping)]),
  );
}
