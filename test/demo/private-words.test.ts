import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  formsOf,
  type PrivateWord,
  privateWords,
  searchPlaces,
} from '#deploy/demo/private-words.ts';
import { canaryCase } from '#test/model/canary-case.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-words-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function placed(name: string, text: string | Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const words: PrivateWord[] = [
  { field: 'identity.preferredName', word: 'Zoë "Zed" Example' },
  { field: 'contact.phone', word: '+31970000001' },
];
const known = ['0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10'];
const sight = `{"referralId":"${known[0]}"}\n`;

describe('private words of a case', () => {
  it('are every word and telephone number that its sections can hold', () => {
    const { sections, words: canaries } = canaryCase();
    const found = new Map(privateWords(sections).map(({ word, field }) => [word, field]));
    expect(canaries.filter((canary) => !found.has(canary))).toEqual([]);
    expect(found.get('ZZ-IDENTITY-PREFERREDNAME-CANARY')).toBe('identity.preferredName');
  });

  it('are the names alone too, the birth date, and the digest of a code word', async () => {
    const file = new URL('../../deploy/cases/adult.yaml', import.meta.url);
    const { sections } = parse(await readFile(file, 'utf8'));
    const found = privateWords(sections).map(({ word }) => word);
    expect(found).toEqual(
      expect.arrayContaining([
        'Testa Examplova Onova',
        'Examplova',
        '1994-02-28',
        '+31970000001',
        'blue kettle',
        'Exampletiracetam',
        sections.contact.codeWordHash,
      ]),
    );
  });

  it('are no codes, times, countries or organisations, which stand everywhere', () => {
    const harmless = {
      code: 'accommodation.transitional',
      other: 'own-wish',
      when: '2027-03-01T12:00:00Z',
      day: '2027-03-01',
      hour: '10:00',
      for: 'P12M',
      country: 'BG',
      zone: 'Europe/Sofia',
      who: 'https://home.example',
    };
    expect(privateWords({ harmless })).toEqual([]);
  });
});

describe('the search for them', () => {
  const inBase64 = [0, 1, 2].flatMap((before) =>
    (['base64', 'base64url'] as const).map((encoding): [string, (word: string) => string] => [
      `in ${encoding}, ${before} bytes later`,
      (word) => Buffer.from(`${'-'.repeat(before)}${word}-and more`).toString(encoding),
    ]),
  );

  it.each<[string, (word: string) => string]>([
    ['as it is', (word) => word],
    ['in JSON', (word) => JSON.stringify({ word })],
    ['in a URL', (word) => `?name=${encodeURIComponent(word)}`],
    ...inBase64,
  ])('finds each of them %s, and says in which file', async (_, wrap) => {
    for (const { word, field } of words) {
      const path = await placed('node.log', `${sight}{"x":"${wrap(word)}"}\n`);
      const { found, blind } = await searchPlaces([{ path, known }], words);
      expect(found).toEqual([{ field, file: path }]);
      expect(blind).toEqual([]);
    }
  });

  it('looks into every file of a folder, among any bytes', async () => {
    const store = join(folder, 'store');
    await mkdir(join(store, 'streams', 'a'), { recursive: true });
    const noise = gzipSync(sight.repeat(1000));
    await placed('store/streams/meta', sight);
    await placed(
      'store/streams/a/1.blk',
      Buffer.concat([noise, Buffer.from(words[0]?.word ?? ''), noise]),
    );
    const { found, bytes } = await searchPlaces([{ path: store, known }], words);
    expect(found.map(({ file }) => file)).toEqual([join(store, 'streams/a/1.blk')]);
    expect(bytes).toBeGreaterThan(noise.length * 2);
  });

  it('finds nothing where nothing is', async () => {
    const path = await placed('node.log', sight);
    expect((await searchPlaces([{ path, known }], words)).found).toEqual([]);
  });

  it('is blind where what must be there is not: another text, an empty folder, no file', async () => {
    const other = await placed('other.log', 'nothing known\n');
    const empty = join(folder, 'empty');
    await mkdir(empty);
    const missing = join(folder, 'missing.log');
    const seen = await placed('seen.log', sight);
    const places = [other, empty, missing, seen].map((path) => ({ path, known }));
    const { blind } = await searchPlaces(places, words);
    expect(blind).toEqual([other, empty, missing]);
    const withoutControl = await searchPlaces([{ path: seen, known: [] }], words);
    expect(withoutControl.blind).toEqual([seen]);
  });

  it('knows more than one form of every word', () => {
    for (const { word } of words) expect(formsOf(word).length).toBeGreaterThan(3);
  });
});
