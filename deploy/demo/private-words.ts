// Looks for a case's own words where none may stand. It says what it read, and
// must find what is known to be there: to find nothing must mean something.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { hasCode } from '#crypto/files.ts';

/** A word that describes or names a person, and the field that it is from. */
export type PrivateWord = { field: string; word: string };

export type Found = { field: string; file: string };

export type Search = {
  bytes: number;
  /** Empty where no private word stands. */
  found: Found[];
  /** Places where a text that must be there was not found. */
  blind: string[];
};

/** A file or a folder, and texts that must stand in it. */
export type Place = { path: string; known: readonly string[] };

/** Texts of a person or about one, whole and their longer names alone. */
export function privateWords(sections: Readonly<Record<string, unknown>>): PrivateWord[] {
  const words = new Map<string, string>();
  collect(sections, '', words);
  return [...words].map(([word, field]) => ({ word, field }));
}

const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$|^[a-z]+\.[a-z-]+$|^[A-Z]{2,3}$|^[A-Za-z]+\/[A-Z]/;
const TIME = /^\d{4}-\d\d-\d\d(T|$)|^\d\d:\d\d$|^P\d/;
const ENTITY = /^https:\/\/[a-z0-9.-]+$/;
const DIGEST = /^[0-9a-f]{64}$/;
const WORD_CHARS_MIN = 4;
const NAME = /\p{Lu}\p{L}{5,}/gu;

function collect(value: unknown, field: string, words: Map<string, string>): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      collect(item, field === '' ? key : `${field}.${key}`, words);
    }
    return;
  }
  if (typeof value !== 'string' || value.length < WORD_CHARS_MIN) return;
  // A date may stand in any log; that of somebody's birth may not.
  const isPersonal = DIGEST.test(value) || field.endsWith('birthDate.value');
  if (!isPersonal && [CODE, TIME, ENTITY].some((form) => form.test(value))) return;
  for (const word of [value, ...(value.match(NAME) ?? [])]) {
    if (!words.has(word)) words.set(word, field);
  }
}

/** Forms in which a text may lie in a file: as it is, in JSON, in a URL, in base64. */
export function formsOf(word: string): string[] {
  const bytes = Buffer.from(word, 'utf8');
  const forms = [word, JSON.stringify(word).slice(1, -1), encodeURIComponent(word)];
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const shift of [0, 1, 2]) {
      // Whole groups of three bytes read the same wherever the word stands.
      const from = (3 - shift) % 3;
      const whole = bytes.subarray(from, from + 3 * Math.floor((bytes.length - from) / 3));
      if (whole.length >= 6) forms.push(whole.toString(encoding));
    }
  }
  return [...new Set(forms)].map((form) => Buffer.from(form, 'utf8').toString('latin1'));
}

export async function searchPlaces(
  places: readonly Place[],
  words: readonly PrivateWord[],
): Promise<Search> {
  const search: Search = { bytes: 0, found: [], blind: [] };
  const forms = words.map(({ field, word }) => ({ field, forms: formsOf(word) }));
  for (const { path, known } of places) {
    const missing = new Set(known);
    for (const file of await filesIn(path)) {
      const text = await read(file);
      search.bytes += text.length;
      for (const one of missing) if (text.includes(one)) missing.delete(one);
      for (const { field, forms: wanted } of forms) {
        if (wanted.some((form) => text.includes(form))) search.found.push({ field, file });
      }
    }
    if (missing.size > 0 || known.length === 0) search.blind.push(path);
  }
  return search;
}

async function filesIn(place: string): Promise<string[]> {
  try {
    const entries = await readdir(place, { withFileTypes: true, recursive: true });
    return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  } catch (cause) {
    if (hasCode(cause, 'ENOTDIR')) return [place];
    // What is not there holds nothing known, so that the search counts as blind.
    if (hasCode(cause, 'ENOENT')) return [];
    throw cause;
  }
}

/** A file that went away between the two looks has nothing in it any more. */
async function read(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return Buffer.alloc(0);
    throw cause;
  });
  return bytes.toString('latin1');
}
