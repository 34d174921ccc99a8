// A file of a person that cannot be taken, with every fault of it.
import { basename } from 'node:path';

import type { FaultInFile } from './document-reader.ts';
import { block } from './text.ts';

export class FaultyFile extends Error {
  readonly file: string;
  readonly faults: readonly FaultInFile[];

  /** @param file as the person named it; - for standard input */
  constructor(file: string, faults: readonly FaultInFile[]) {
    super(`${nameOf(file)} has ${countOf(faults)}.`);
    this.file = file;
    this.faults = faults;
  }
}

export function faultLines(file: string, faults: readonly FaultInFile[]): string[] {
  return [
    ...block(`${nameOf(file)} has ${countOf(faults)}:`),
    ...faults.flatMap(({ path, line, column, what, remedy }) => [
      ...block(`${line}:${column}  ${path === '' ? 'the whole file' : path}`, '  ', '    '),
      ...block(`${what}. ${remedy}`, '    '),
    ]),
  ];
}

function nameOf(file: string): string {
  return file === '-' ? 'standard input' : basename(file);
}

function countOf({ length }: readonly FaultInFile[]): string {
  return length === 1 ? '1 fault' : `${length} faults`;
}
