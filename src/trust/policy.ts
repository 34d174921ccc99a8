// Metadata policy (OpenID Federation 1.0 section 6.1): the policies of a chain
// become one, which then checks and changes the metadata of its subject.
import { isObject } from '#crypto/strict-json.ts';

import type { Metadata, SubordinateClaims } from './entity-statement.ts';
import {
  checkCombination,
  intersection,
  isSubset,
  mergeOperators,
  OPERATOR_NAMES,
  Operators,
  union,
} from './policy-operators.ts';
import { safeName, TrustFailure } from './trust-failure.ts';

/** entity type → parameter → operators */
export type Policy = ReadonlyMap<string, ReadonlyMap<string, Operators>>;

type PolicyClaims = Pick<SubordinateClaims, 'metadata_policy' | 'metadata_policy_crit'>;

/**
 * The one policy of a chain (section 6.1.4.1).
 * @param claims of the subordinate statements, the anchor's first.
 * @throws TrustFailure
 */
export function resolvePolicy(claims: readonly PolicyClaims[]): Policy {
  let policy: Policy = new Map();
  for (const { metadata_policy_crit } of claims) refuseCriticalOperators(metadata_policy_crit);
  for (const { metadata_policy } of claims) {
    if (metadata_policy === undefined) continue;
    policy = mergeLevels(policy, readPolicy(metadata_policy), (superior, subordinate) =>
      mergeLevels(superior, subordinate, mergeParameter),
    );
  }
  return policy;
}

/** The metadata as the policy leaves it (section 6.1.4.2). @throws TrustFailure if it may not be so. */
export function applyPolicy(metadata: Metadata, policy: Policy): Metadata {
  return Object.fromEntries(
    Object.entries(metadata).map(([type, parameters]) => {
      const result = new Map(Object.entries(parameters));
      for (const [name, operators] of policy.get(type) ?? []) {
        const value = applyOperators(result.get(name), operators, name);
        if (value === undefined) result.delete(name);
        else result.set(name, value);
      }
      return [type, Object.fromEntries(result)];
    }),
  );
}

// Section 3.1.3. No operator beyond the standard ones is implemented, so any
// list is either empty, wrong, or names what we cannot do.
function refuseCriticalOperators(critical: string[] | undefined): void {
  if (critical === undefined) return;
  const name = critical.find((one) => !OPERATOR_NAMES.includes(one));
  throw new TrustFailure(
    'policy-crit',
    name === undefined
      ? 'The claim metadata_policy_crit must name further operators, and at least one.'
      : `The critical policy operator ${safeName(name)} is not implemented.`,
  );
}

function readPolicy(claim: Record<string, unknown>): Policy {
  return readLevel(claim, (parameters) => readLevel(parameters, readOperators));
}

// Section 6.1.2: three levels, each of one or more members.
function readLevel<T>(
  level: unknown,
  read: (value: unknown, name: string) => T,
): ReadonlyMap<string, T> {
  if (!isObject(level) || Object.keys(level).length === 0) {
    throw new TrustFailure('policy', 'A level of the metadata policy is not an object, or empty.');
  }
  return new Map(Object.entries(level).map(([name, value]) => [name, read(value, name)]));
}

function readOperators(value: unknown, parameter: string): Operators {
  // Section 6.1.3.1.8 reads this one parameter of OAuth as a list in one string.
  if (parameter === 'scope') {
    throw new TrustFailure('operator-not-implemented', 'A policy of scope is not implemented.');
  }
  for (const name of Object.keys(isObject(value) ? value : {})) {
    if (OPERATOR_NAMES.includes(name)) continue;
    // Section 6.1.3.2 ignores what is not critical. Here it is refused by name:
    // what a superior wanted to forbid must not pass because we cannot read it.
    const known = `The policy operator ${safeName(name)} is not implemented.`;
    throw new TrustFailure('operator-not-implemented', known);
  }
  const parsed = Operators.safeParse(value);
  if (!parsed.success || Object.keys(parsed.data).length === 0) {
    const name = String(parsed.error?.issues[0]?.path[0] ?? parameter);
    throw new TrustFailure(
      'policy',
      `The policy of ${safeName(parameter)} (${safeName(name)}) has a value that it does not take.`,
    );
  }
  checkCombination(parsed.data);
  return parsed.data;
}

function mergeLevels<T>(
  superior: ReadonlyMap<string, T>,
  subordinate: ReadonlyMap<string, T>,
  merge: (a: T, b: T) => T,
): ReadonlyMap<string, T> {
  const merged = new Map(superior);
  for (const [name, value] of subordinate) {
    const present = merged.get(name);
    merged.set(name, present === undefined ? value : merge(present, value));
  }
  return merged;
}

function mergeParameter(superior: Operators, subordinate: Operators): Operators {
  const merged = mergeOperators(superior, subordinate);
  checkCombination(merged);
  return merged;
}

function applyOperators(given: unknown, operators: Operators, parameter: string): unknown {
  const violated = (operator: string) =>
    new TrustFailure('policy-violated', `${safeName(parameter)} does not satisfy ${operator}.`);
  const listOf = (value: unknown, operator: string): (string | number)[] => {
    if (!Array.isArray(value)) throw violated(operator);
    return value;
  };
  const { add, default: fallback, one_of, subset_of, superset_of } = operators;

  let result = given;
  if (operators.value !== undefined) result = operators.value ?? undefined; // null removes
  if (add) result = union(result === undefined ? [] : listOf(result, 'add'), add);
  if (fallback !== undefined) result ??= fallback;
  if (one_of && result !== undefined && !one_of.some((one) => one === result)) {
    throw violated('one_of');
  }
  if (subset_of && result !== undefined) {
    result = intersection(listOf(result, 'subset_of'), subset_of);
  }
  if (
    superset_of &&
    result !== undefined &&
    !isSubset(superset_of, listOf(result, 'superset_of'))
  ) {
    throw violated('superset_of');
  }
  if (operators.essential === true && result === undefined) throw violated('essential');
  return result;
}
