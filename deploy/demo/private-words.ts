// Looks for a case's own words where none may stand: in the streams of NATS and
// in the logs. Told what it read, so that finding nothing means something.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Search = { words: number; bytes: number; found: string[]; sawEvents: boolean };

/** Texts of a person or about one: whatever is no code, date or number. */
export function privateWords(caseFile: unknown): string[] {
  const words = new Set<string>();
  collect(caseFile, words);
  return [...words];
}

function collect(value: unknown, words: Set<string>): void {
  if (typeof value === 'string') {
    const isFree = /[A-Z ]/.test(value) && value.length >= 4 && !/^[A-Z]{2,3}$/.test(value);
    const isCode = /^\d{4}-\d\d-\d\d|^https:|^[A-Za-z]+\/[A-Z]/.test(value);
    if (isFree && !isCode) words.add(value);
    if (/^\+\d{7,}$|@/.test(value)) words.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, words);
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) collect(item, words);
  }
}

/** @param known text that must be there: a search that misses it saw nothing */
export async function searchFiles(
  places: readonly string[],
  words: readonly string[],
  known: string,
): Promise<Search> {
  const search: Search = { words: words.length, bytes: 0, found: [], sawEvents: false };
  for (const file of (await Promise.all(places.map(filesIn))).flat()) {
    const text = (await readFile(file)).toString('latin1');
    search.bytes += text.length;
    search.sawEvents ||= text.includes(known);
    for (const word of words) {
      const bytes = Buffer.from(word, 'utf8').toString('latin1');
      if (text.includes(bytes)) search.found.push(word);
    }
  }
  return search;
}

async function filesIn(place: string): Promise<string[]> {
  const entries = await readdir(place, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [place];
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
}
