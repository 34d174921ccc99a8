// The consent form as a file: written with the words that are read out on top, and
// read back with every fault at once. A value of the file is never repeated.
import { stringify } from 'yaml';

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
  'Then ask each question. Write yes or no, and the end of each yes.',
  'What stays empty is a no. A no needs no reason and no other field.',
];

/** YAML. */
export function consentFormText(form: ConsentForm, words: string): string {
  const comment = (lines: readonly string[]) => lines.map((line) => `# ${line}`.trimEnd());
  const fields = Object.entries(form).flatMap(([name, value]) => {
    const { description = '' } = ConsentForm.shape[name as keyof ConsentForm];
    return ['', ...comment(wrap(description, 76)), stringify({ [name]: value }).trimEnd()];
  });
  return [...comment([...HOW, '', ...words.trimEnd().split('\n')]), ...fields, ''].join('\n');
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
