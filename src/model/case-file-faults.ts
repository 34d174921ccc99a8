// Every fault of a case file: of its fields, and of the rules between them.
import { CaseFileFields } from './case-file.ts';
import { caseFileRuleFaults } from './case-file-rules.ts';
import { type Fault, schemaFaults } from './schema-faults.ts';

/** Empty when the value is a case file. */
export function caseFileFaults(value: unknown): Fault[] {
  return [...schemaFaults(CaseFileFields, value), ...caseFileRuleFaults(value)];
}
