// Writes what of docs/ is generated: JSON Schemas and AsyncAPI from the zod schemas,
// the reference of srx from its table of verbs. `npm run schemas`.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { z } from 'zod';

import { CaseFile } from '#model/case-file.ts';
import { ConsentForm } from '#model/consent-form.ts';
import { DemandDecision, DemandRecord } from '#model/matter/demand.ts';
import { DisclosureRecord } from '#model/matter/disclosure.ts';
import { PersonCopy } from '#model/person-copy.ts';
import { SECTION_SCHEMAS } from '#model/plan/sections.ts';
import { asyncApi } from '#tracking/async-api.ts';

import { cliReference } from './reference.ts';

const MATTER_RECORDS = {
  demand: DemandRecord,
  decision: DemandDecision,
  disclosure: DisclosureRecord,
};

/** By path from the project's root; JSON Schema draft 2020-12, AsyncAPI 3.0, Markdown. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/case-file.schema.json', print(jsonSchema(CaseFile, 'A case file of SRX'))],
    [
      'docs/sections.schema.json',
      print(jsonSchema(z.strictObject(SECTION_SCHEMAS).partial(), 'Sections of SRX, by name')),
    ],
    [
      'docs/matters.schema.json',
      print(jsonSchema(z.strictObject(MATTER_RECORDS).partial(), 'Legal demands and disclosures')),
    ],
    ['docs/consent-form.schema.json', print(jsonSchema(ConsentForm, 'A consent form of SRX'))],
    ['docs/person-copy.schema.json', print(jsonSchema(PersonCopy, 'The copy for the person'))],
    ['docs/asyncapi.json', print(asyncApi())],
    ['docs/cli.md', cliReference()],
  ]);
}

function jsonSchema(schema: z.ZodType, title: string) {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ jsonSchema: made }) => {
      // `format` says it; zod's pattern besides would fill a third of the file.
      if (made.format !== undefined) delete made.pattern;
    },
  });
  return { $schema, title, ...rest };
}

function print(schema: unknown): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (import.meta.main) {
  const root = new URL('../../', import.meta.url);
  for (const [path, text] of generatedDocs()) {
    writeFileSync(fileURLToPath(new URL(path, root)), text);
    process.stdout.write(`${path}\n`);
  }
}
