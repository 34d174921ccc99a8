// A withdrawal, written into the consent records of its recipient. It counts without:
// nothing that fails here holds up the person's no.
import { uuid4From } from '#crypto/digest.ts';
import { withdraws } from '#model/consent.ts';
import { newestAnswers, type RecordedAnswer, saidYes } from '#model/consent-record.ts';
import type { StepBody } from '#model/message.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';

import type { Actor } from './actor.ts';
import { addRecord } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

type Withdrawn = {
  /** Null at the receiving side, which has no records. */
  localCode: string | null;
  partner: string;
  /** Of the message that carries it, or would. */
  messageId: string;
  body: StepBody<'consentWithdrawn'>;
  byGuardian: boolean;
};

/** The same message again adds nothing. Null, or why it could not be written down. */
export async function recordWithdrawal(
  context: CaseworkContext,
  actor: Actor,
  { localCode, partner: recipient, messageId, body, byGuardian }: Withdrawn,
): Promise<RefusalCode | null> {
  if (localCode === null) return null;
  // The message's id is at the partner; the record's may not lead there.
  const recordId = uuid4From(`srx-consent-record ${messageId}`);
  try {
    await addRecord(context, actor, { localCode, recipient }, (there) => {
      if (there.some((one) => one.recordId === recordId)) return null;
      const atMs = context.clock.now();
      const answers = saidYes(newestAnswers(there))
        .filter(({ section }) => withdraws(body, section))
        .map((one): RecordedAnswer => {
          // A yes may bear a time that runs a little ahead: the no is later all the same.
          return { ...one, answer: 'withdrawn', until: 0, atMs: Math.max(atMs, one.atMs) };
        });
      const event = byGuardian ? 'revoked' : 'withdrawn';
      return { event, recordId, withdrawal: body, answers };
    });
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.exchange.context.log.warn('consent.withdrawal-not-recorded', { code: error.code });
    return error.code;
  }
}
