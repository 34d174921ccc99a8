// Reads a case file in JSON or YAML; every fault of it at once, with its place.
import { CaseFile, CaseFileFields } from '#model/case-file.ts';
import { caseFileFaults } from '#model/case-file-faults.ts';
import { limits } from '#model/limits.ts';

import { type FaultInFile, readDocument } from './document-reader.ts';

export type CaseFileReading =
  | { ok: true; caseFile: CaseFile }
  | { ok: false; faults: FaultInFile[] };

/** `text` is the file's text; `fileName` tells by its ending if it is JSON. */
export function readCaseFile(text: string, fileName: string): CaseFileReading {
  const reading = readDocument(text, {
    fileName,
    bytesMax: limits.caseFileBytesMax,
    schema: CaseFileFields,
    faultsOf: caseFileFaults,
  });
  return reading.ok ? { ok: true, caseFile: CaseFile.parse(reading.value) } : reading;
}
