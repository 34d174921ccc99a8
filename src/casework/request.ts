// Starts a referral: the minimum set of one case, to exactly one partner.
import { uuid4 } from '#crypto/digest.ts';
import { placedOf } from '#exchange/open-referral.ts';
import type { Sent } from '#exchange/send.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { StepBody } from '#model/message.ts';
import { needsSecondPerson } from '#model/plan/minimum.ts';
import { Refusal } from '#model/refusal.ts';
import { type Actor, areTwo } from './actor.ts';
import { loadCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { grantsOf, sectionsFor } from './from-case.ts';
import { remindOfAge } from './own-yes.ts';
import { mustBeReady, requestFacts } from './ready.ts';
import { mustNotReachFearedState } from './state-body.ts';
import { mustBeGranted, mustStillBeGranted } from './still-granted.ts';

export type RequestReferral = {
  requestId: string;
  localCode: string;
  /** Entity identifier of the partner. */
  recipient: string;
  /** An older referral that this one takes up again. */
  continuesReferralId: string | null;
};

const STAGES_ASKED = ['contact', 'assessment'] as const;

/** @throws Refusal NOT_FOUND, NOT_A_MEMBER, NOT_PERMITTED, GATE_OPEN_ITEMS, SECOND_PERSON_NEEDED … */
export async function requestReferral(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  request: RequestReferral,
): Promise<Sent> {
  const { requestId, localCode, recipient } = request;
  mustBeAdmitted(context, recipient);
  const caseFile = await loadCase(context, localCode);
  mustNotReachFearedState(context, caseFile, recipient);
  const { minimum } = caseFile.sections;
  const pair = { own: context.organisation, partner: recipient };
  const records = recordsFor(await recordsOfCase(context, localCode), recipient);
  const grants = grantsOf(records, STAGES_ASKED, pair);
  const referrals = await context.store.referralsOfCase(localCode);
  const known = referrals.find(({ partner }) => partner === recipient)?.caseCode;
  const caseCode = known ?? records.at(-1)?.caseCode ?? uuid4();
  const continues =
    request.continuesReferralId === null
      ? null
      : await headsOfOlder(context, request.continuesReferralId, recipient);
  const twin = await context.store.findMessageById(requestId);
  if (!twin) {
    await mustStillBeGranted(context, referrals, recipient, records, STAGES_ASKED);
    // One that is not live is refused by the exchange, whatever is agreed.
    if (context.members.find(recipient)) mustBeGranted(grants, 'minimum', recipient);
    mustBeReady(requestFacts(context, { actor, second, caseFile, records }));
  }
  const secondPerson = areTwo(actor, second, needsSecondPerson(minimum));
  const sent = await context.exchange.send({
    messageId: requestId,
    referralId: twin?.referralId ?? uuid4(),
    body: {
      step: 'referralRequest',
      referralRequest: {
        rulesVersion: limits.rulesVersion,
        caseCode,
        answerBy: nowSeconds(context.clock) + limits.answerSecondsByPriority[minimum.priority],
        secondPerson,
        ...(continues && { continues }),
      },
    },
    sections: sectionsFor(caseFile, records, grants, 'contact', { partner: recipient, caseCode }),
    grants,
    by: actor,
    opens: { partner: recipient, caseCode, localCode },
  });
  await remindOfAge(context, sent.referralId, caseFile);
  return sent;
}

// The registry says what each member is in referrals. One that is not live is
// refused by the exchange.
function mustBeAdmitted({ organisation, members }: CaseworkContext, recipient: string): void {
  const refuse = (why: string) => new Refusal('NOT_PERMITTED', `recipient: ${why}.`);
  if (recipient === organisation) throw refuse('this is your own organisation');
  const isAdmitted = (id: string, role: string) => members.find(id)?.roles.includes(role) ?? true;
  if (!isAdmitted(organisation, 'referring')) {
    throw refuse('the registry admits this organisation for receiving only');
  }
  if (!isAdmitted(recipient, 'receiving')) {
    throw refuse('the registry admits this member for referring only; choose another');
  }
}

async function headsOfOlder(
  context: CaseworkContext,
  referralId: string,
  recipient: string,
): Promise<StepBody<'referralRequest'>['continues']> {
  const { row, messages } = await context.store.load(referralId);
  if (!row || row.partner !== recipient || row.side !== 'referring') {
    throw new Refusal(
      'NOT_FOUND',
      'continues_referral_id: we referred nobody to this partner by that id.',
    );
  }
  const ours = placedOf(messages, 'own').at(-1);
  const theirs = placedOf(messages, 'peer').at(-1);
  return {
    referralId,
    referringSeq: ours?.seq ?? 1,
    referringDigest: ours?.digest ?? '',
    receivingSeq: theirs?.seq ?? 0,
    receivingDigest: theirs?.digest ?? '',
  };
}
