// Sections and grants from files in JSON or YAML, judged before they are sent.
// Every fault at once; a value of the file is never repeated.
import { z } from 'zod';

import { uuid4 } from '#crypto/digest.ts';
import { isObject } from '#crypto/strict-json.ts';
import { CaseGrant, grantUntilSeconds } from '#model/case-grant.ts';
import { SECTIONS, type SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Grant } from '#model/message.ts';
import { nearest } from '#model/nearest-name.ts';
import { encodeSection, SECTION_SCHEMAS, type SectionValue } from '#model/plan/sections.ts';
import { schemaFaults } from '#model/schema-faults.ts';

import { type Reader, readDocument } from './document-reader.ts';
import { FaultyFile } from './faulty-file.ts';
import { readText } from './files.ts';
import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

/** Of `NAME=FILE`. @throws UsageError */
export function readSectionFlag(text: string): { name: SectionName; file: string } {
  const at = text.indexOf('=');
  const name = SECTIONS.find((section) => section === text.slice(0, at));
  if (at > 0 && name && at < text.length - 1) return { name, file: text.slice(at + 1) };
  const close = at > 0 ? nearest(text.slice(0, at), SECTIONS) : undefined;
  const hint = close ? ` Did you mean ${close}?` : ` Sections: ${SECTIONS.join(', ')}.`;
  throw new UsageError(`--section takes NAME=FILE, such as note=question.json.${hint}`);
}

/**
 * @param given fields that a flag says; they stand over the file's.
 * @throws FaultyFile with every fault
 */
export async function readSection<S extends SectionName>(
  io: Io,
  name: S,
  file: string,
  given: Readonly<Record<string, unknown>> = {},
): Promise<{ input: SectionInput; value: SectionValue<S> }> {
  const schema: z.ZodType = SECTION_SCHEMAS[name];
  const withGiven = (value: unknown) => (isObject(value) ? { ...value, ...given } : value);
  const read = await readFrom(io, file, schema, withGiven);
  const value = schema.parse(withGiven(read)) as SectionValue<S>; // by the schema of this very name
  return { input: { section: name, content: encodeSection(name, value) }, value };
}

/** A plain text as section note; JSON or YAML only where its name says so. */
export async function readNote(io: Io, file: string): Promise<SectionInput> {
  if (/\.(json|ya?ml)$/i.test(file)) return (await readSection(io, 'note', file)).input;
  const read = await readText(io, file, 4 * limits.noteCharsMax);
  const value = { text: read.replaceAll('\r\n', '\n').trim() };
  const [fault] = schemaFaults(SECTION_SCHEMAS.note, value);
  if (fault) throw new FaultyFile(file, [{ ...fault, path: '', line: 1, column: 1 }]);
  return { section: 'note', content: encodeSection('note', value) };
}

/** One grant or a list of them, as in a case file. @throws FaultyFile */
export async function readGrants(io: Io, file: string): Promise<Grant[]> {
  const some = z.array(CaseGrant).min(1).max(limits.grantsPerMessageMax);
  const schema = z.union([some, CaseGrant]);
  const schemaOf = (value: unknown) => (Array.isArray(value) ? some : CaseGrant);
  const text = await readText(io, file, limits.sectionBytesMax);
  const read = judged(text, file, { schema, faultsOf: (v) => schemaFaults(schemaOf(v), v) });
  return some.parse(Array.isArray(read) ? read : [read]).map(({ until, ...grant }) => {
    return { grantId: uuid4(), ...grant, until: grantUntilSeconds({ until }) };
  });
}

async function readFrom(
  io: Io,
  file: string,
  schema: z.ZodType,
  prepared: (value: unknown) => unknown,
): Promise<unknown> {
  const text = await readText(io, file, limits.sectionBytesMax);
  return judged(text, file, { schema, faultsOf: (value) => schemaFaults(schema, prepared(value)) });
}

function judged(text: string, file: string, by: Pick<Reader, 'schema' | 'faultsOf'>): unknown {
  const fileName = file === '-' ? 'section.yaml' : file;
  const reading = readDocument(text, { fileName, bytesMax: limits.sectionBytesMax, ...by });
  if (reading.ok) return reading.value;
  throw new FaultyFile(file, reading.faults);
}
