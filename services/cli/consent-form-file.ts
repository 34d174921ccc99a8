// The consent form as a file: written with the words that are read out on top, and
// read back with every fault at once. A value of the file is never repeated.
import { stringify } from 'yaml';
import { z } from 'zod';

import { ConsentForm } from '#model/consent-form.ts';
import { consentFormFaults } from '#model/consent-form-rules.ts';
import { limits } from '#model/limits.ts';

import { readDocument } from './document-reader.ts';
import { FaultyFile } from './faulty-file.ts';
import { readText } from './files.ts';
import type { Io } from './io.ts';
import { wrap } from './text.ts';

const HOW = [
  'Read the words below to the person, or let the interpreter read them.',
  'Then ask each question. Write yes or no, and the end of each yes,',
  'such as 2027-02-01T00:00:00Z. Times are written so everywhere here.',
  'What stays empty is a no. A no needs no reason and no other field.',
];

/** YAML. */
export function consentFormText(form: ConsentForm, words: string): string {
  const fields = Object.entries(form).flatMap(([name, value]) => {
    const schema = ConsentForm.shape[name as keyof ConsentForm];
    return ['', ...fieldLines(schema, name, value, '')];
  });
  return [...comment([...HOW, '', ...words.trimEnd().split('\n')]), ...fields, ''].join('\n');
}

/** Above each field what it is, and what may be written. */
function fieldLines(schema: z.ZodType, name: string, value: unknown, margin: string): string[] {
  const inner = schema instanceof z.ZodNullable ? (schema.unwrap() as z.ZodType) : schema;
  const choice = inner instanceof z.ZodArray ? inner.element : inner;
  const said = schema.description ?? inner.description ?? '';
  const about =
    choice instanceof z.ZodEnum ? `${said} One of: ${choice.options.join(', ')}.` : said;
  const lines = comment(about === '' ? [] : wrap(about, 76 - margin.length));
  if (inner instanceof z.ZodObject && value !== null) {
    const shape = inner.shape as Record<string, z.ZodType>;
    const fields = Object.entries(value as object).flatMap(([field, of]) =>
      fieldLines(shape[field] ?? z.unknown(), field, of, `${margin}  `),
    );
    return [...[...lines, `${name}:`].map((line) => `${margin}${line}`), ...fields];
  }
  const written = stringify({ [name]: value })
    .trimEnd()
    .split('\n');
  return [...lines, ...written].map((line) => `${margin}${line}`);
}

function comment(lines: readonly string[]): string[] {
  return lines.map((line) => `# ${line}`.trimEnd());
}

/** UTF-8 JSON. @throws FaultyFile with every fault */
export async function readConsentForm(io: Io, file: string): Promise<Uint8Array> {
  const text = await readText(io, file, limits.consentFormBytesMax);
  const reading = readDocument(text, {
    fileName: file === '-' ? 'form.yaml' : file,
    bytesMax: limits.consentFormBytesMax,
    schema: ConsentForm,
    faultsOf: (value) => consentFormFaults(value, io.clock.now()),
  });
  if (!reading.ok) throw new FaultyFile(file, reading.faults);
  return new TextEncoder().encode(JSON.stringify(reading.value));
}
