import { expect, it } from 'vitest';

import { STORY } from '#test/model/story.ts';
import { type Cell, cellsAt, LINKS, withdrawEverywhere } from '#test/proof/withdrawals.ts';

/** A slice: `npm run proof -- --only withdrawals` runs all. */
const slice: Cell[] = LINKS.flatMap((link, index) => {
  const sides = ['referring', 'receiving'] as const;
  return sides.map((side, turn): Cell => {
    const said = (index + turn) % 2 === 0 ? 'whole' : 'partly';
    return { point: turn === 0 ? 4 + index * 3 : 13 - index * 3, side, said, link };
  });
});

it('a withdrawal ends in one state at both sides, and nothing that it covers is read again', async () => {
  const report = await withdrawEverywhere(slice, 1);
  expect(report.faults).toEqual([]);
  expect(report.withdrawals).toBe(slice.length);
  expect(report.closed).toBeGreaterThan(slice.length);
}, 60_000);

it('the whole grid has every point, side, kind and link once', () => {
  const all = cellsAt(STORY.map((_, index) => index + 1));
  expect(all).toHaveLength(STORY.length * 2 * 2 * LINKS.length);
  expect(new Set(all.map((cell) => JSON.stringify(cell))).size).toBe(all.length);
});
