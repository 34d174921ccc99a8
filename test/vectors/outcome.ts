// What became of a vector, in a form that can be compared with what it expects.
import { expect } from 'vitest';

import { Refusal } from '#model/refusal.ts';
import { TrustFailure } from '#trust/trust-failure.ts';
import { BECAUSE } from './because.ts';
import type { Vector } from './vector.ts';

export type Refused = { error: string; reason: string | null };

/** A refusal's code; and its words must be those of the rule that the vector names. */
export async function codeUnder(
  vector: Vector,
  act: () => unknown,
): Promise<Refused | { value: unknown }> {
  try {
    return { value: await act() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const because = BECAUSE[vector.check];
    if (because) expect(error.message).toMatch(because);
    return { error: error.code, reason: error instanceof TrustFailure ? error.reason : null };
  }
}
