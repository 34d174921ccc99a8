// Every act that a person may take with a verb of its own, in the order in which
// a referral comes by them.
import type { StepName } from '#model/message.ts';

import type { ActVerb } from './act.ts';
import { ANSWERING_ACTS } from './acts-answering.ts';
import { ENDING_ACTS } from './acts-ending.ts';
import { TRAVELLING_ACTS } from './acts-travelling.ts';

export const ACTS: readonly ActVerb[] = [...ANSWERING_ACTS, ...TRAVELLING_ACTS, ...ENDING_ACTS];

/** Steps that have a call and a verb of their own. */
const OTHER_VERBS: Partial<Record<StepName, string>> = {
  referralRequest: 'request',
  packageReleased: 'release',
};

/** The verb of a step; undefined for one that no person takes here. */
export function verbOfStep(step: string): string | undefined {
  return ACTS.find((act) => act.step === step)?.name ?? OTHER_VERBS[step as StepName];
}
