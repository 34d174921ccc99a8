// The checklist before a request and a release, as ready.proto has it.
import { z } from 'zod';

import { entityId } from '#model/message.ts';
import { READY_CODES, READY_STATES, READY_STEPS } from '#model/ready/ready-codes.ts';

import { line, localCode, orNone, secondsOrNone } from './casework-records.ts';

const CheckReadyRequest = z.strictObject({
  localCode,
  recipient: entityId,
  step: z.enum(READY_STEPS),
  reconfirmedAt: secondsOrNone,
});
const CheckReadyResponse = z.strictObject({
  ready: z.boolean(),
  short: z.boolean(),
  referralId: orNone,
  items: z
    .array(
      z.strictObject({
        code: z.enum(READY_CODES),
        state: z.enum(READY_STATES),
        words: line,
        /** YYYY-MM-DD, or empty. */
        notBefore: z.string().regex(/^([0-9]{4}-[0-9]{2}-[0-9]{2})?$/),
      }),
    )
    .max(READY_CODES.length),
});

export const READY_METHODS = {
  checkReady: { request: CheckReadyRequest, response: CheckReadyResponse },
} as const;
