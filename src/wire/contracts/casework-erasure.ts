// What is erased here and what a law keeps, as erasure.proto has it.
import { z } from 'zod';

import { ERASURE_CAUSES, ERASURE_STATES } from '#model/erasure-record.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';

import { localCode, secondsOrNone, section, uuid4 } from './casework-records.ts';

const law = z.string().max(limits.labelCharsMax);

const ErasureLine = z.strictObject({
  section,
  state: z.enum(ERASURE_STATES),
  cause: z.union([z.enum(ERASURE_CAUSES), z.literal('')]),
  at: secondsOrNone,
  law,
});

const ErasureAnswer = z.strictObject({
  organisation: entityId,
  withdrawalId: uuid4,
  at: secondsOrNone,
  erased: z.array(section),
  kept: z.array(section),
});

export const ERASURE_METHODS = {
  listErasures: {
    request: z.strictObject({ referralId: uuid4 }),
    response: z.strictObject({
      sections: z.array(ErasureLine),
      answers: z.array(ErasureAnswer),
      isHeldByDemand: z.boolean(),
    }),
  },
  keepSection: {
    request: z.strictObject({
      referralId: uuid4,
      section,
      law: law.min(1),
      until: z.int().min(1),
    }),
    response: z.strictObject({}),
  },
  eraseCase: { request: z.strictObject({ localCode }), response: z.strictObject({}) },
} as const;
