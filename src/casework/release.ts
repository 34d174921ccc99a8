// Releases the package: the sections that the person agreed to again, and no
// other, after the partner accepted.
import type { Sent } from '#exchange/send.ts';
import { needsSecondPerson } from '#model/plan/minimum.ts';
import { Refusal } from '#model/refusal.ts';
import { type Actor, areTwo } from './actor.ts';
import { loadCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { grantsOf, sectionsFor } from './from-case.ts';
import { mustNotReachFearedState } from './state-body.ts';
import { mustBeGranted, mustStillBeGranted } from './still-granted.ts';

export type ReleasePackage = {
  requestId: string;
  referralId: string;
  /** When the person said yes again, whole seconds. */
  reconfirmedAt: number;
};

const STAGES_RELEASED = ['package', 'follow-up'] as const;

/** @throws Refusal NOT_FOUND, ILLEGAL_STEP, NOT_CONSENTED, CONSENT_WITHDRAWN, SECOND_PERSON_NEEDED … */
export async function releasePackage(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  release: ReleasePackage,
): Promise<Sent> {
  const { requestId, referralId, reconfirmedAt } = release;
  const { row } = await context.store.load(referralId);
  if (!row) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  if (row.side !== 'referring' || row.localCode === null) {
    throw new Refusal('ILLEGAL_STEP', 'Only the referring side, which has the case, releases it.');
  }
  const caseFile = await loadCase(context, row.localCode);
  mustNotReachFearedState(context, caseFile, row.partner);
  const secondPerson = areTwo(actor, second, needsSecondPerson(caseFile.sections.minimum));
  const pair = { own: context.organisation, partner: row.partner };
  const records = recordsFor(await recordsOfCase(context, row.localCode), row.partner);
  const grants = grantsOf(records, STAGES_RELEASED, pair);
  if (!(await context.store.findMessageById(requestId))) {
    const referrals = await context.store.referralsOfCase(row.localCode);
    await mustStillBeGranted(context, referrals, row.partner, records, STAGES_RELEASED);
    mustBeGranted(grants, 'danger', row.partner);
  }
  return context.exchange.send({
    messageId: requestId,
    referralId,
    body: {
      step: 'packageReleased',
      packageReleased: { reconfirmedAt, secondPerson },
    },
    sections: sectionsFor(caseFile, records, grants, 'package', row.partner),
    grants,
    by: actor,
  });
}
