import { describe, expect, it } from 'vitest';

import { ONE_OF_EACH, STARTS, search, TWO_REFUSALS } from '#test/proof/fold-search.ts';

describe('every way that a small referral can go', () => {
  let states = 0;
  let closed = 0;

  it.each(Object.keys(STARTS))(
    'from %s folds equally, keeps its verdicts and is never stuck',
    (name) => {
      const found = search(STARTS[name] ?? expect.fail(name), 3, ONE_OF_EACH);
      expect(found.faults).toEqual([]);
      expect(found.cutShort).toBe(false);
      states += found.states;
      closed += found.closed;
    },
    20_000,
  );

  it('with refusals that cross folds equally, too', () => {
    const found = search(STARTS['accepted'] ?? expect.fail(), 5, TWO_REFUSALS);
    expect(found.faults).toEqual([]);
    states += found.states;
  }, 20_000);

  it('is many states, so that the search above saw something', () => {
    expect(states).toBeGreaterThan(10_000);
    expect(closed).toBeGreaterThan(1000);
  });
});
