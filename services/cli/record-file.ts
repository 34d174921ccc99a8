// A record of a person's own words in JSON or YAML, judged before it is sent: every
// fault at once; a value of the file is never repeated.
import type { z } from 'zod';

import { limits } from '#model/limits.ts';
import { schemaFaults } from '#model/schema-faults.ts';

import { readDocument } from './document-reader.ts';
import { FaultyFile } from './faulty-file.ts';
import { readText } from './files.ts';
import type { Io } from './io.ts';

/** UTF-8 JSON. @throws FaultyFile with every fault */
export async function readRecordFile(io: Io, file: string, schema: z.ZodType): Promise<Uint8Array> {
  const text = await readText(io, file, limits.sectionBytesMax);
  const reading = readDocument(text, {
    fileName: file === '-' ? 'record.yaml' : file,
    bytesMax: limits.sectionBytesMax,
    schema,
    faultsOf: (value) => schemaFaults(schema, value),
  });
  if (!reading.ok) throw new FaultyFile(file, reading.faults);
  return new TextEncoder().encode(JSON.stringify(reading.value));
}
