// The person's no, carried to every organisation that holds something of the case,
// or to one of them. It waits for nothing, and one that fails holds up no other.
import { uuid4From } from '#crypto/digest.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import type { Sent } from '#exchange/send.ts';
import type { StepBody } from '#model/message.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';

export type Withdrawal = {
  requestId: string;
  /** Of the case: every partner. Else empty. */
  localCode: string;
  /** Of one referral: this partner alone. Else empty. */
  referralId: string;
  body: StepBody<'consentWithdrawn'>;
};

/** What became of it at one partner; `fault` where it could not be written down. */
export type WithdrawnFrom = {
  referralId: string;
  partner: string;
  sent: Sent | null;
  fault: RefusalCode | null;
};

/**
 * Effective at this node when it returns; delivered until every partner has it.
 * The same request again carries it to those that it has not reached yet.
 * @throws Refusal NOT_FOUND: nothing of this case was ever sent; SCHEMA_VIOLATION
 */
export async function withdrawConsent(
  context: CaseworkContext,
  actor: Actor,
  { requestId, localCode, referralId, body }: Withdrawal,
): Promise<WithdrawnFrom[]> {
  if (body.whole === body.sections.length > 0) {
    throw new Refusal('SCHEMA_VIOLATION', 'sections: name some, or ask for all of it; not both.');
  }
  const rows = await concerned(context, localCode, referralId);
  return Promise.all(rows.map((row) => withdrawFrom(context, actor, requestId, row, body)));
}

async function withdrawFrom(
  { exchange }: CaseworkContext,
  actor: Actor,
  requestId: string,
  { referralId, partner }: ReferralRow,
  withdrawn: StepBody<'consentWithdrawn'>,
): Promise<WithdrawnFrom> {
  try {
    const sent = await exchange.send({
      // One for each referral, and none that two partners could compare.
      messageId: uuid4From(`${requestId} ${referralId}`),
      referralId,
      body: { step: 'consentWithdrawn', consentWithdrawn: withdrawn },
      sections: [],
      grants: [],
      by: actor,
    });
    return { referralId, partner, sent, fault: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { referralId, partner, sent: null, fault: error.code };
  }
}

async function concerned(
  context: CaseworkContext,
  localCode: string,
  referralId: string,
): Promise<ReferralRow[]> {
  if ((localCode === '') === (referralId === '')) {
    throw new Refusal('SCHEMA_VIOLATION', 'local_code: name a case, or a referral; not both.');
  }
  if (referralId !== '') {
    const { row } = await context.store.load(referralId);
    if (row) return [row];
    throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  }
  const rows = await context.store.referralsOfCase(localCode);
  if (rows.length > 0) return rows;
  throw new Refusal('NOT_FOUND', 'local_code: nothing of such a case was sent to anybody.');
}
