// The seven operators of a metadata policy (OpenID Federation 1.0 section
// 6.1.3.1): which values each takes, how two merge, and which may stand together.
import { z } from 'zod';

import { TrustFailure } from './trust-failure.ts';

// The standard makes objects optional for all but essential; they are refused.
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const element = z.union([z.string(), z.number()]);
const elements = z.array(element);
const value = z.union([scalar, z.array(scalar)]);

/** In the order in which they are applied. */
export const Operators = z.strictObject({
  value: value.nullable().optional(),
  add: elements.optional(),
  default: value.optional(),
  one_of: elements.optional(),
  subset_of: elements.optional(),
  superset_of: elements.optional(),
  essential: z.boolean().optional(),
});
export type Operators = z.infer<typeof Operators>;
export type OperatorName = keyof Operators;
export const OPERATOR_NAMES = Object.keys(Operators.shape);

type Elements = z.infer<typeof elements>;
type Value = Operators['value'] | Operators['default'];

/** One policy from two, the superior's first. @throws TrustFailure where the standard allows none. */
export function mergeOperators(superior: Operators, subordinate: Operators): Operators {
  const merged: Operators = { ...superior, ...subordinate };
  for (const name of ['value', 'default'] as const) {
    const [a, b] = [superior[name], subordinate[name]];
    if (a !== undefined && b !== undefined && !isSame(a, b)) throw conflict(name, name);
  }
  for (const name of ['add', 'superset_of'] as const) {
    const [a, b] = [superior[name], subordinate[name]];
    if (a && b) merged[name] = union(a, b);
  }
  for (const name of ['one_of', 'subset_of'] as const) {
    const [a, b] = [superior[name], subordinate[name]];
    if (a && b) merged[name] = intersection(a, b);
  }
  // Two lists that both stand leave nothing: an error for one_of, an empty set for subset_of.
  if (superior.one_of && merged.one_of?.length === 0) throw conflict('one_of', 'one_of');
  if (superior.essential !== undefined && subordinate.essential !== undefined) {
    merged.essential = superior.essential || subordinate.essential;
  }
  return merged;
}

/** Judges the combinations that each operator declares. @throws TrustFailure */
export function checkCombination(operators: Operators): void {
  const { value: fixed, add, default: fallback, one_of, subset_of, superset_of } = operators;
  if (fixed !== undefined) checkFixed(operators, fixed);
  if (fixed === null && fallback !== undefined) throw conflict('value', 'default');
  if (add && one_of) throw conflict('add', 'one_of');
  if (one_of && subset_of) throw conflict('one_of', 'subset_of');
  if (one_of && superset_of) throw conflict('one_of', 'superset_of');
  if (add && subset_of && !isSubset(add, subset_of)) throw conflict('add', 'subset_of');
  if (subset_of && superset_of && !isSubset(superset_of, subset_of)) {
    throw conflict('subset_of', 'superset_of');
  }
}

function checkFixed(operators: Operators, fixed: Exclude<Value, undefined>): void {
  const { add, one_of, subset_of, superset_of, essential } = operators;
  const values: readonly unknown[] | undefined = Array.isArray(fixed) ? fixed : undefined;
  if (add && !(values && isSubset(add, values))) throw conflict('value', 'add');
  if (one_of && !one_of.some((one) => one === fixed)) throw conflict('value', 'one_of');
  if (subset_of && !(values && isSubset(values, subset_of))) throw conflict('value', 'subset_of');
  if (superset_of && !(values && isSubset(superset_of, values))) {
    throw conflict('value', 'superset_of');
  }
  if (fixed === null && essential === true) throw conflict('value', 'essential');
}

export function union(a: Elements, b: Elements): Elements {
  return [...new Set([...a, ...b])];
}

export function intersection<T>(a: readonly T[], b: readonly unknown[]): T[] {
  return a.filter((item) => b.includes(item));
}

export function isSubset(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((item) => b.includes(item));
}

function isSame(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function conflict(one: OperatorName, other: OperatorName): TrustFailure {
  const pair = one === other ? `Two values of ${one}` : `${one} and ${other}`;
  return new TrustFailure('policy', `${pair} in a metadata policy do not go together.`);
}
