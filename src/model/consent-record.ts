// A record of what one person answered about one recipient. Records are only added
// to; of two answers to one question the newer counts, and no answer is a no.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES, ROLES, STAGES } from './codes.ts';
import { ConsentForm } from './consent-form.ts';
import { ShownText } from './consent-text.ts';
import { entityId, STEP_SCHEMAS } from './message.ts';
import { Consent } from './plan/consent.ts';

export const DIRECTIONS = ['to-recipient', 'from-recipient'] as const;

/** What one question is about. */
const question = {
  section: z.enum(PERSONAL_SECTIONS),
  stage: z.enum(STAGES),
  purpose: z.enum(PURPOSES),
  direction: z.enum(DIRECTIONS),
};

const RecordedAnswer = z.strictObject({
  ...question,
  /** Withdrawn is a no that takes a yes back. */
  answer: z.enum(['yes', 'no', 'withdrawn']),
  /** End of a yes, whole seconds; 0 otherwise. */
  until: z.int().min(0),
  /** When the person said it; 0 where a case file does not tell. */
  atMs: z.int().min(0),
});
export type RecordedAnswer = z.infer<typeof RecordedAnswer>;

export const RECORD_EVENTS = [
  'requested',
  'refused',
  'given',
  'renewed',
  'withdrawn',
  /** Taken back by somebody else: a guardian, without the child. */
  'revoked',
  /** A case file brought it. */
  'imported',
] as const;

export const ConsentRecord = z.strictObject({
  schemaVersion: z.literal('srx-consent-record-1'),
  recordId: z.uuid(),
  /** From 1, for each recipient of a case. */
  number: z.int().min(1),
  /** SHA-256 of the signed record before, base64url; empty for the first. */
  previous: z.string().max(43),
  event: z.enum(RECORD_EVENTS),
  /** When it was written down. */
  atMs: z.int().min(0),
  by: z.strictObject({ staffId: z.string(), role: z.enum(ROLES) }),
  localCode: z.string(),
  /** Entity identifier of exactly one partner. */
  recipient: entityId,
  /** The person's pseudonym for this partner alone. */
  caseCode: z.uuid(),
  /** Of 'requested': the exact words. */
  text: ShownText.optional(),
  /** As it was filled in, of 'given', 'renewed' and 'refused'. */
  form: ConsentForm.optional(),
  /** What travels as the section `consent`. */
  receipt: Consent.optional(),
  withdrawal: STEP_SCHEMAS.consentWithdrawn.optional(),
  answers: z.array(RecordedAnswer),
});
export type ConsentRecord = z.infer<typeof ConsentRecord>;

/** What may not hold of a record, or of what was sent under it. */
export const CONSENT_FAULTS = [
  /** Its key was lost, or it was changed. */
  'unreadable',
  'signature',
  /** A record before it is missing, changed or stands elsewhere. */
  'order',
  /** It says another case, recipient or number than its place. */
  'place',
  'text',
  'rules',
  /** A section went without a yes at that time. */
  'not-covered',
] as const;

export function questionKey(of: Omit<RecordedAnswer, 'answer' | 'until' | 'atMs'>): string {
  return `${of.section} ${of.stage} ${of.purpose} ${of.direction}`;
}

/** The answers that count, one a question; said at the same time, the later record counts. */
export function newestAnswers(
  records: readonly Pick<ConsentRecord, 'answers'>[],
): RecordedAnswer[] {
  const newest = new Map<string, RecordedAnswer>();
  for (const answer of records.flatMap(({ answers }) => answers)) {
    const key = questionKey(answer);
    const known = newest.get(key);
    if (!known || answer.atMs >= known.atMs) newest.set(key, answer);
  }
  return [...newest.values()];
}

/** Those to which the person says yes, whether or not the yes has ended. */
export function saidYes(answers: readonly RecordedAnswer[]): RecordedAnswer[] {
  return answers.filter(({ answer }) => answer === 'yes');
}

/** The newest record that brought a receipt. */
export function newestReceipt(records: readonly ConsentRecord[]): ConsentRecord | undefined {
  return records.findLast(({ receipt }) => receipt !== undefined);
}
