// The person's no, as withdrawal.proto has it.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { entityId, STEP_SCHEMAS } from '#model/message.ts';

import { localCode, orNone, uuid4, word } from './casework-records.ts';

const WithdrawConsentRequest = z.strictObject({
  requestId: uuid4,
  localCode: z.union([localCode, z.literal('')]),
  referralId: orNone,
  withdrawal: STEP_SCHEMAS.consentWithdrawn,
  byGuardian: z.boolean(),
});
const WithdrawConsentResponse = z.strictObject({
  partners: z
    .array(
      z.strictObject({
        partner: entityId,
        referralId: orNone,
        seq: z.int().min(0).max(limits.messagesPerChainMax),
        fault: word,
        asksMeeting: z.boolean(),
      }),
    )
    .max(limits.pageItemsMax),
});

const NoteHeardRequest = z.strictObject({ referralId: uuid4, arrived: z.boolean() });
const NoteAuthorityAskedRequest = z.strictObject({ referralId: uuid4 });

export const WITHDRAWAL_METHODS = {
  withdrawConsent: { request: WithdrawConsentRequest, response: WithdrawConsentResponse },
  noteAuthorityAsked: { request: NoteAuthorityAskedRequest, response: z.strictObject({}) },
  noteHeard: { request: NoteHeardRequest, response: z.strictObject({}) },
} as const;
