// What a person answered, as consent.proto has it. Empty text stands for none where
// the proto says so; times are whole seconds, 0 for none.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES, ROLES, STAGES } from '#model/codes.ts';
import { CONSENT_FAULTS, DIRECTIONS, RECORD_EVENTS } from '#model/consent-record.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';

import {
  bytesUpTo,
  localCode,
  orNone,
  secondsOrNone,
  section,
  uuid4,
  word,
} from './casework-records.ts';

const count = z.int().min(0);
const text = z.string().max(limits.noteCharsMax);
const form = bytesUpTo(limits.consentFormBytesMax);

const AskConsentRequest = z.strictObject({
  requestId: uuid4,
  localCode,
  recipient: entityId,
  stages: z.array(z.enum(STAGES)).max(STAGES.length),
  locale: word,
  translation: text,
  reviewedBy: word,
});
const AskConsentResponse = z.strictObject({
  form,
  text,
  textDigest: word,
  textVersion: word,
  locale: word,
});
const RecordConsentRequest = z.strictObject({ form });
const RecordConsentResponse = z.strictObject({
  recordId: uuid4,
  recipient: entityId,
  event: z.enum(RECORD_EVENTS),
  number: count,
});
const ConsentAnswer = z.strictObject({
  section: z.enum(PERSONAL_SECTIONS),
  stage: z.enum(STAGES),
  purpose: z.enum(PURPOSES),
  direction: z.enum(DIRECTIONS),
  answer: z.enum(['yes', 'no', 'withdrawn']),
  until: secondsOrNone,
  saidAt: secondsOrNone,
});
const ConsentEvent = z.strictObject({
  number: count,
  recordId: uuid4,
  event: z.enum(RECORD_EVENTS),
  recordedAt: secondsOrNone,
  byRole: z.enum(ROLES),
  textVersion: word,
  locale: word,
  textDigest: word,
});
const ConsentOfRecipient = z.strictObject({
  recipient: entityId,
  answers: z.array(ConsentAnswer),
  history: z.array(ConsentEvent).max(limits.consentRecordsMax),
  lawfulBasis: word,
  transferBasis: word,
});
const ConsentFault = z.strictObject({
  recipient: entityId,
  fault: z.enum(CONSENT_FAULTS),
  number: count,
  referralId: orNone,
  section: z.union([section, z.literal('')]),
});

export const CONSENT_METHODS = {
  askConsent: { request: AskConsentRequest, response: AskConsentResponse },
  recordConsent: { request: RecordConsentRequest, response: RecordConsentResponse },
  showConsent: {
    request: z.strictObject({ localCode }),
    response: z.strictObject({ recipients: z.array(ConsentOfRecipient) }),
  },
  verifyConsent: {
    request: z.strictObject({ localCode }),
    response: z.strictObject({
      records: count,
      messages: count,
      faults: z.array(ConsentFault),
    }),
  },
} as const;
