// Every section by its name, and its bytes: JSON in UTF-8 that its schema holds.
import type { z } from 'zod';

import type { SectionName } from '../codes.ts';
import { limits } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { Access } from './access.ts';
import { Arrival } from './arrival.ts';
import { Breach } from './breach.ts';
import { Child } from './child.ts';
import { Consent } from './consent.ts';
import { Contact } from './contact.ts';
import { Danger } from './danger.ts';
import { Documents } from './documents.ts';
import { Exploitation } from './exploitation.ts';
import { Family } from './family.ts';
import { pathText } from './field-path.ts';
import { Health } from './health.ts';
import { Identity } from './identity.ts';
import { Legal } from './legal.ts';
import { Minimum } from './minimum.ts';
import { Needs } from './needs.ts';
import { Note } from './note.ts';
import { Offer } from './offer.ts';
import { Plan } from './plan.ts';
import { Reason } from './reason.ts';
import { Report } from './report.ts';
import { Return } from './return.ts';
import { Risk } from './risk.ts';
import { Workers } from './workers.ts';

export const SECTION_SCHEMAS = {
  minimum: Minimum,
  identity: Identity,
  contact: Contact,
  consent: Consent,
  danger: Danger,
  risk: Risk,
  return: Return,
  arrival: Arrival,
  needs: Needs,
  plan: Plan,
  health: Health,
  legal: Legal,
  family: Family,
  child: Child,
  exploitation: Exploitation,
  documents: Documents,
  report: Report,
  note: Note,
  workers: Workers,
  offer: Offer,
  reason: Reason,
  access: Access,
  breach: Breach,
} as const satisfies Record<SectionName, z.ZodType>;

export type SectionValue<S extends SectionName> = z.infer<(typeof SECTION_SCHEMAS)[S]>;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes as they travelled → checked value. Throws SCHEMA_VIOLATION or TOO_LARGE. */
export function parseSection<S extends SectionName>(name: S, bytes: Uint8Array): SectionValue<S> {
  refuseOversize(name, bytes);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    // No cause: the parser's own message quotes the text.
    throw new Refusal('SCHEMA_VIOLATION', `Section ${name} is not JSON in UTF-8.`);
  }
  return check(name, value);
}

/** Value → bytes that will be digested, sealed and sent. Same refusals. */
export function encodeSection(name: SectionName, value: unknown): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(check(name, value)));
  refuseOversize(name, bytes);
  return bytes;
}

function check<S extends SectionName>(name: S, value: unknown): SectionValue<S> {
  const schema: z.ZodType = SECTION_SCHEMAS[name];
  const result = schema.safeParse(value);
  // One schema per name: zod cannot carry the link through the record.
  if (result.success) return result.data as SectionValue<S>;
  const where = result.error.issues.slice(0, 3).map((issue) => pathText(issue.path) || 'the whole');
  const more = result.error.issues.length > 3 ? ' and others' : '';
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `Section ${name} does not fit its schema at ${where.join(', ')}${more}: see docs/sections.schema.json.`,
  );
}

function refuseOversize(name: SectionName, bytes: Uint8Array): void {
  if (bytes.length <= limits.sectionBytesMax) return;
  throw new Refusal(
    'TOO_LARGE',
    `Section ${name} has more than ${limits.sectionBytesMax} bytes: shorten its texts.`,
  );
}
