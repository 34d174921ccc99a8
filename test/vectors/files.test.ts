import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';

import { FAMILIES, fileOf, makeAll, readFamily, textOfFile } from './families.ts';

let made: Awaited<ReturnType<typeof makeAll>>;
beforeAll(async () => {
  made = await makeAll();
});

describe('the files of the vectors', () => {
  it.each(['keys', ...FAMILIES] as const)(
    'are what `npm run vectors` writes, byte for byte: %s.json',
    async (name) => {
      const stored = await readFile(fileOf(name), 'utf8');
      // Not toBe: a difference of megabytes is not worth printing.
      expect(stored === textOfFile(made[name])).toBe(true);
    },
  );

  it('name every vector once in its file', async () => {
    for (const name of FAMILIES) {
      const names = (await readFamily(name)).vectors.map((v) => `${v.check} ${v.name}`);
      expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([]);
    }
  });
});
