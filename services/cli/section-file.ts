// Sections and grants from files in JSON or YAML, judged before they are sent.
// Every fault at once; a value of the file is never repeated.
import { parseDocument } from 'yaml';
import { z } from 'zod';

import { uuid4 } from '#crypto/digest.ts';
import { isObject } from '#crypto/strict-json.ts';
import { CaseGrant, grantUntilSeconds } from '#model/case-grant.ts';
import { SECTIONS, type SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Grant } from '#model/message.ts';
import { nearest } from '#model/nearest-name.ts';
import { pathText } from '#model/plan/field-path.ts';
import { encodeSection, SECTION_SCHEMAS, type SectionValue } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';

import { isModest } from './case-file-reader.ts';
import { readText } from './files.ts';
import type { Io } from './io.ts';
import { UsageError } from './usage-error.ts';

export type SectionInput = { section: SectionName; content: Uint8Array };

const FAULTS_SHOWN_MAX = 20;

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
 * @throws Refusal SCHEMA_VIOLATION that lists every fault
 */
export async function readSection<S extends SectionName>(
  io: Io,
  name: S,
  file: string,
  given: Readonly<Record<string, unknown>> = {},
): Promise<{ input: SectionInput; value: SectionValue<S> }> {
  const schema: z.ZodType = SECTION_SCHEMAS[name];
  const read = await readDocument(io, file);
  const whole = isObject(read) ? { ...read, ...given } : read;
  const value = check(schema, whole, `Section ${name} in ${file}`);
  // The schema of this very name judged it.
  return {
    input: { section: name, content: encodeSection(name, value) },
    value: value as SectionValue<S>,
  };
}

/** A plain text as section note; JSON or YAML only where its name says so. */
export async function readNote(io: Io, file: string): Promise<SectionInput> {
  if (/\.(json|ya?ml)$/i.test(file)) return (await readSection(io, 'note', file)).input;
  const text = (await readText(io, file, 4 * limits.noteCharsMax)).replaceAll('\r\n', '\n').trim();
  const value = check(SECTION_SCHEMAS.note, { text }, `The note in ${file}`);
  return { section: 'note', content: encodeSection('note', value) };
}

/** One grant or a list of them, as in a case file. */
export async function readGrants(io: Io, file: string): Promise<Grant[]> {
  const value = await readDocument(io, file);
  const grants = check(
    z.array(CaseGrant).min(1).max(limits.grantsPerMessageMax),
    Array.isArray(value) ? value : [value],
    `The grants in ${file}`,
  );
  return grants.map(({ until, ...grant }) => {
    return { grantId: uuid4(), ...grant, until: grantUntilSeconds({ until }) };
  });
}

async function readDocument(io: Io, file: string): Promise<unknown> {
  const text = await readText(io, file, limits.sectionBytesMax);
  const broken = (line: number) =>
    new Refusal(
      'SCHEMA_VIOLATION',
      `${file}: the text cannot be read at line ${line}: check quotes, brackets and indents.`,
    );
  if (!isModest(text)) throw broken(1);
  const doc = parseDocument(text, { prettyErrors: false, uniqueKeys: true, stringKeys: true });
  const [fault] = [...doc.errors, ...doc.warnings];
  if (fault) throw broken(text.slice(0, fault.pos[0]).split('\n').length);
  try {
    return doc.toJS({ maxAliasCount: 0 });
  } catch {
    // The parser's own message quotes the text.
    throw broken(1);
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, FAULTS_SHOWN_MAX).map(describe);
  const more = issues.length > shown.length ? `; and ${issues.length - shown.length} more` : '';
  throw new Refusal(
    'SCHEMA_VIOLATION',
    `${name} has ${issues.length} fault(s): ${shown.join('; ')}${more}. See docs/sections.schema.json.`,
  );
}

// The name of an unknown field may be personal: it stays out.
function describe(issue: z.core.$ZodIssue): string {
  const where = pathText(issue.path) || 'the whole';
  if (issue.code === 'unrecognized_keys') return `${where}: a field that does not exist`;
  const remedy: unknown = issue.code === 'custom' ? issue.params?.['remedy'] : undefined;
  const message = issue.message.replace(/^Invalid (input|option): /, '').replace(/[.]$/, '');
  return `${where}: ${message}${typeof remedy === 'string' ? ` (${remedy})` : ''}`;
}
