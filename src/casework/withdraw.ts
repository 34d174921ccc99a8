// The person's no, carried to every organisation that holds something of the case,
// or to one of them. It waits for nothing, and one that fails holds up no other.
import { uuid4From } from '#crypto/digest.ts';
import { openReferral } from '#exchange/open-referral.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import type { Sent } from '#exchange/send.ts';
import { PERSONAL_SECTIONS } from '#model/codes.ts';
import { MEETING_SECTIONS } from '#model/consent.ts';
import { newestAnswers } from '#model/consent-record.ts';
import type { StepBody } from '#model/message.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import { findCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import { recordWithdrawal } from './consent-withdrawn.ts';
import type { CaseworkContext } from './context.ts';
import { askAuthority, mustBeForGuardian } from './guardian-no.ts';

export type Withdrawal = {
  requestId: string;
  /** Of the case: every partner. Else empty. */
  localCode: string;
  /** Of one referral: this partner alone. Else empty. */
  referralId: string;
  /** A guardian says it, and the child does not. */
  byGuardian: boolean;
  body: StepBody<'consentWithdrawn'>;
};

/** What became of it at one partner; `fault` where it could not be written down. */
export type WithdrawnFrom = {
  /** Empty where there was a yes for this partner, and nothing was sent yet. */
  referralId: string;
  partner: string;
  sent: Sent | null;
  fault: RefusalCode | null;
  /** The person is on the way: ask whether they still want to be met, and say it here again. */
  asksMeeting: boolean;
};

/**
 * Effective at this node when it returns; delivered until every partner has it.
 * On the way nobody is left without being met for want of a question: until the wish is
 * known, all closes but what the meeting needs.
 * The same request again carries it to those that it has not reached yet.
 * Where a yes waits and nothing was sent yet, the yes is taken back.
 * @throws Refusal NOT_FOUND: nothing of this case was ever sent, and nobody said yes;
 *   SCHEMA_VIOLATION; NOT_PERMITTED
 */
export async function withdrawConsent(
  context: CaseworkContext,
  actor: Actor,
  withdrawal: Withdrawal,
): Promise<WithdrawnFrom[]> {
  const { localCode, referralId, body, byGuardian } = withdrawal;
  if (body.whole === body.sections.length > 0) {
    throw new Refusal('SCHEMA_VIOLATION', 'sections: name some, or ask for all of it; not both.');
  }
  const rows = await concerned(context, localCode, referralId);
  const waiting = localCode === '' ? [] : await unsent(context, localCode, rows);
  if (rows.length + waiting.length === 0) {
    // A code that was mistyped may not sound as if there were nothing to stop.
    await findCase(context, localCode);
    throw new Refusal('NOT_FOUND', 'local_code: of this case nothing was sent, and no yes stands.');
  }
  if (byGuardian) {
    const ids = rows.map((row) => row.referralId);
    await mustBeForGuardian(context, ids, body);
  }
  return Promise.all([
    ...rows.map((row) => withdrawFrom(context, actor, row, withdrawal)),
    ...waiting.map((partner) => takeBack(context, actor, partner, withdrawal)),
  ]);
}

/** Partners with a yes in the records, and no referral that a message could go along. */
async function unsent(
  context: CaseworkContext,
  localCode: string,
  rows: readonly ReferralRow[],
): Promise<string[]> {
  const told = new Set(rows.map(({ partner }) => partner));
  // A case without a key has no yes left that could be acted on; it holds up no other no.
  const records = await recordsOfCase(context, localCode).catch(() => new Map<string, never[]>());
  return [...records.keys()].filter((partner) => {
    const answers = newestAnswers(recordsFor(records, partner));
    return !told.has(partner) && answers.some(({ answer }) => answer !== 'no');
  });
}

async function takeBack(
  context: CaseworkContext,
  actor: Actor,
  partner: string,
  { requestId, localCode, body, byGuardian }: Withdrawal,
): Promise<WithdrawnFrom> {
  const at = { referralId: '', partner, sent: null, asksMeeting: false };
  const messageId = uuid4From(`${requestId} ${partner}`);
  const about = { localCode, partner, messageId, body, byGuardian };
  const fault = await recordWithdrawal(context, actor, about);
  return { ...at, fault };
}

async function withdrawFrom(
  context: CaseworkContext,
  actor: Actor,
  { referralId, partner, localCode }: ReferralRow,
  { requestId, body: asked, byGuardian }: Withdrawal,
): Promise<WithdrawnFrom> {
  const asksMeeting =
    asked.whole && asked.meetingWish === 'not-asked' && (await isOnTheWay(context, referralId));
  const body = asksMeeting ? { ...asked, whole: false, sections: BUT_THE_MEETING } : asked;
  const at = { referralId, partner, asksMeeting };
  // One for each referral, and none that two partners could compare.
  const messageId = uuid4From(`${requestId} ${referralId} ${asked.meetingWish}`);
  try {
    const sent = await context.exchange.send({
      messageId,
      referralId,
      body: { step: 'consentWithdrawn', consentWithdrawn: body },
      sections: [],
      grants: [],
      by: actor,
    });
    const about = { localCode, partner, messageId };
    await recordWithdrawal(context, actor, { ...about, body, byGuardian });
    if (byGuardian) await askAuthority(context, referralId);
    return { ...at, sent, fault: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...at, sent: null, fault: error.code };
  }
}

/** What closes at once while nobody knows yet whether the person wants to be met. */
const BUT_THE_MEETING = PERSONAL_SECTIONS.filter((name) => !MEETING_SECTIONS.includes(name));

/** Between departure and taking over. */
async function isOnTheWay(context: CaseworkContext, referralId: string): Promise<boolean> {
  const { codec } = context.exchange.context;
  const { state } = openReferral(await context.store.load(referralId), codec);
  return (
    state.status !== 'withdrawn' &&
    state.referring.phase === 'departed' &&
    state.receiving.phase !== 'taken'
  );
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
  return context.store.referralsOfCase(localCode);
}
