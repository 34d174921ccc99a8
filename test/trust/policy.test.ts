import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { applyPolicy, resolvePolicy } from '#trust/policy.ts';

type Json = Record<string, unknown>;
const claim = (operators: unknown) => ({
  metadata_policy: { srx_node: { p: operators } } as Record<string, unknown>,
});

/** What becomes of the parameter p; undefined if it is absent. */
function apply(given: unknown, ...operators: unknown[]): unknown {
  const metadata = { srx_node: given === undefined ? {} : { p: given } };
  return applyPolicy(metadata, resolvePolicy(operators.map(claim)))['srx_node']?.['p'];
}
const reasonOf = (act: () => unknown): unknown => {
  try {
    return ['taken', act()];
  } catch (error) {
    return (error as { reason?: string }).reason ?? error;
  }
};

describe('one operator', () => {
  const cases: [Json, unknown, unknown][] = [
    [{ value: 'x' }, 'y', 'x'],
    [{ value: ['x'] }, undefined, ['x']],
    [{ value: null }, 'y', undefined],
    [{ add: ['b'] }, ['a'], ['a', 'b']],
    [{ add: ['a'] }, ['a'], ['a']],
    [{ add: ['a'] }, undefined, ['a']],
    [{ default: 7 }, undefined, 7],
    [{ default: 7 }, 8, 8],
    [{ default: false }, undefined, false],
    [{ one_of: ['a', 'b'] }, 'b', 'b'],
    [{ one_of: ['a'] }, undefined, undefined],
    [{ subset_of: ['a', 'b', 'c'] }, ['a', 'e'], ['a']],
    [{ subset_of: ['a'] }, ['d'], []],
    [{ subset_of: ['a'] }, undefined, undefined],
    [{ superset_of: ['a'] }, ['a', 'b'], ['a', 'b']],
    [{ superset_of: ['a'] }, undefined, undefined],
    [{ essential: true }, 'x', 'x'],
    [{ essential: false }, undefined, undefined],
  ];
  it.each(cases)('%j makes of %j: %j', (operators, given, result) => {
    expect(apply(given, operators)).toEqual(result);
  });

  const violations: [Json, unknown][] = [
    [{ one_of: ['a'] }, 'b'],
    [{ one_of: ['1'] }, 1],
    [{ one_of: ['a'] }, ['a']],
    [{ subset_of: ['a'] }, 'a'],
    [{ superset_of: ['a'] }, ['b']],
    [{ superset_of: ['a'] }, 'a'],
    [{ add: ['a'] }, 'a'],
    [{ essential: true }, undefined],
    [{ essential: true, subset_of: ['a'] }, undefined],
  ];
  it.each(violations)('%j refuses %j', (operators, given) => {
    expect(reasonOf(() => apply(given, operators))).toBe('policy-violated');
  });

  it.each([
    { value: { a: 1 } },
    { default: null },
    { add: 'a' },
    { one_of: [{}] },
    { subset_of: null },
    { essential: 'true' },
    { superset_of: {} },
  ])('%j is refused, because the operator takes no such value', (operators) => {
    expect(reasonOf(() => apply('x', operators))).toBe('policy');
  });

  it.each(['regexp', 'constructor', '__proto__', 'Value'])('%s is refused by its name', (name) => {
    const operators: unknown = JSON.parse(`{"value":"x","${name}":"y"}`);
    expect(reasonOf(() => apply('x', operators))).toBe('operator-not-implemented');
    expect(() => apply('x', operators)).toThrow(name);
  });
});

describe('operators together', () => {
  const allowed: Json[] = [
    { value: ['a', 'b'], add: ['a'] },
    { value: 'a', default: 'b' },
    { value: 'a', one_of: ['a', 'b'] },
    { value: ['a'], subset_of: ['a', 'b'] },
    { value: ['a', 'b'], superset_of: ['a'] },
    { value: null, essential: false },
    { add: ['a'], subset_of: ['a', 'b'] },
    { add: ['a'], default: ['b'], superset_of: ['a'] },
    { subset_of: ['a', 'b'], superset_of: ['a'] },
    { one_of: ['a'], default: 'a', essential: true },
  ];
  it.each(allowed)('%j may stand', (operators) => {
    expect(
      resolvePolicy([claim(operators)])
        .get('srx_node')
        ?.get('p'),
    ).toEqual(operators);
  });

  const conflicts: Json[] = [
    { value: ['a'], add: ['b'] },
    { value: 'a', add: ['a'] },
    { value: null, default: 'a' },
    { value: 'a', one_of: ['b'] },
    { value: null, one_of: ['b'] },
    { value: ['a', 'c'], subset_of: ['a', 'b'] },
    { value: ['b'], superset_of: ['a'] },
    { value: null, superset_of: ['a'] },
    { value: null, essential: true },
    { add: ['a'], one_of: ['a'] },
    { add: ['a'], subset_of: ['b'] },
    { one_of: ['a'], subset_of: ['a'] },
    { one_of: ['a'], superset_of: ['a'] },
    { subset_of: ['a'], superset_of: ['a', 'b'] },
  ];
  it.each(conflicts)('%j do not go together, in one statement or two', (operators) => {
    expect(reasonOf(() => resolvePolicy([claim(operators)]))).toBe('policy');
    const [first, second] = Object.entries(operators).map(([name, value]) => ({ [name]: value }));
    expect(reasonOf(() => resolvePolicy([claim(first), claim(second)]))).toBe('policy');
  });

  it('are applied in the order of the standard, whatever order they are written in', () => {
    expect(apply(undefined, { essential: true, default: ['x'], add: ['a'] })).toEqual(['a']);
    expect(apply(['z'], { superset_of: ['a'], subset_of: ['a', 'b'], add: ['a'] })).toEqual(['a']);
    expect(apply('z', { one_of: ['a'], value: 'a' })).toBe('a');
  });
});

const set = (minLength: number) => fc.subarray(['a', 'b', 'c'], { minLength });

describe('two policies', () => {
  const merges: [Json, Json, Json | 'policy'][] = [
    [{ value: ['a'] }, { value: ['a'] }, { value: ['a'] }],
    [{ value: 'a' }, { value: 'b' }, 'policy'],
    [{ default: 1 }, { default: 2 }, 'policy'],
    [{ add: ['a'] }, { add: ['b', 'a'] }, { add: ['a', 'b'] }],
    [{ one_of: ['a', 'b'] }, { one_of: ['b', 'c'] }, { one_of: ['b'] }],
    [{ one_of: ['a'] }, { one_of: ['b'] }, 'policy'],
    [{ subset_of: ['a'] }, { subset_of: ['b'] }, { subset_of: [] }],
    [{ superset_of: ['a'] }, { superset_of: ['b'] }, { superset_of: ['a', 'b'] }],
    [{ essential: true }, { essential: false }, { essential: true }],
    [{ essential: false }, { default: 1 }, { essential: false, default: 1 }],
  ];
  it.each(merges)('%j and %j make %j', (superior, subordinate, result) => {
    const merged = reasonOf(() => resolvePolicy([claim(superior), claim(subordinate)]));
    if (result === 'policy') expect(merged).toBe('policy');
    else
      expect(
        (merged as [string, ReturnType<typeof resolvePolicy>])[1].get('srx_node')?.get('p'),
      ).toEqual(result);
  });

  it('never allow what the superior’s alone forbids', () => {
    const essential = fc.boolean();
    const lists = fc.record({ subset_of: set(2), superset_of: set(0), essential });
    const lone = fc.record({ one_of: set(2), essential });
    const pairs = fc.oneof(
      fc.tuple(lists, lists, fc.option(set(1), { nil: undefined })),
      fc.tuple(lone, lone, fc.constantFrom('a', 'b', 'c', undefined)),
    );
    let taken = 0;
    fc.assert(
      fc.property(pairs, ([superior, subordinate, given]) => {
        const both = reasonOf(() => apply(given, superior, subordinate));
        if (!Array.isArray(both)) return;
        taken += 1;
        // What came out satisfies both policies, each alone.
        expect(apply(both[1], superior)).toEqual(both[1]);
        expect(apply(both[1], subordinate)).toEqual(both[1]);
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('of other types and parameters stay apart', () => {
    const policy = resolvePolicy([
      { metadata_policy: { srx_node: { p: { value: 1 } } } },
      { metadata_policy: { srx_node: { q: { value: 2 } }, other: { p: { value: 3 } } } },
    ]);
    expect(applyPolicy({ srx_node: { r: 0 } }, policy)).toEqual({ srx_node: { p: 1, q: 2, r: 0 } });
  });
});
