// Files that a command is given: `-` is standard input or output. An error names
// the flag or operand, and the file only as the caller wrote it.
import { open, readFile } from 'node:fs/promises';

import { hasCode } from '#crypto/files.ts';
import { Refusal } from '#model/refusal.ts';

import type { Io } from './io.ts';

/** @throws Refusal NOT_FOUND, TOO_LARGE or BAD_CONFIG */
async function readInput(io: Io, file: string, bytesMax: number): Promise<Uint8Array> {
  if (file === '-') return bounded(await io.readStdin(), 'Standard input', bytesMax);
  try {
    return bounded(await readFile(file), 'The file', bytesMax);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    if (hasCode(cause, 'ENOENT')) {
      throw new Refusal('NOT_FOUND', `There is no file ${file}: correct its path.`);
    }
    throw new Refusal('BAD_CONFIG', `The file ${file} cannot be read: check its rights.`, {
      cause,
    });
  }
}

/** @throws Refusal as readInput, or SCHEMA_VIOLATION for anything but UTF-8. */
export async function readText(io: Io, file: string, bytesMax: number): Promise<string> {
  const bytes = await readInput(io, file, bytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal('SCHEMA_VIOLATION', `${file}: the text is not UTF-8; save it as UTF-8.`);
  }
}

/** @throws Refusal CONFLICT: nothing is replaced. */
export async function writeOutput(io: Io, file: string, text: string, mode = 0o644): Promise<void> {
  if (file === '-') return io.stdout(text);
  try {
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) {
      throw new Refusal('CONFLICT', `${file} is there already: name another file.`);
    }
    throw new Refusal('BAD_CONFIG', `${file} cannot be written: check its folder and rights.`, {
      cause,
    });
  }
}

function bounded(bytes: Uint8Array, name: string, bytesMax: number): Uint8Array {
  if (bytes.length <= bytesMax) return bytes;
  throw new Refusal('TOO_LARGE', `${name} has more than ${bytesMax} bytes.`);
}
