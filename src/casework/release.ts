// Releases the package: the sections that the person agreed to again, and no
// other, after the partner accepted.
import { openReferral } from '#exchange/open-referral.ts';
import type { Referral } from '#exchange/ports.ts';
import type { Sent } from '#exchange/send.ts';
import type { SectionName } from '#model/codes.ts';
import type { Grant } from '#model/message.ts';
import { needsSecondPerson } from '#model/plan/minimum.ts';
import { encodeSection, parseSection } from '#model/plan/sections.ts';
import type { ReadyItem } from '#model/ready/items.ts';
import { readiness } from '#model/ready/ready.ts';
import { SHORT_SECTIONS } from '#model/ready/ready-codes.ts';
import { viewFor } from '#model/referral.ts';
import { Refusal } from '#model/refusal.ts';
import { notReady } from '#model/steps.ts';
import { type Actor, areTwo } from './actor.ts';
import { loadCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { grantsOf, type SectionInput, sectionsFor } from './from-case.ts';
import { mustBeItsOwnCopy } from './own-copy.ts';
import { mustBeReady, releaseFacts } from './ready.ts';
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
  const stored = await context.store.load(referralId);
  const { row } = stored;
  if (!row) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  if (row.side !== 'referring' || row.localCode === null) {
    throw new Refusal('ILLEGAL_STEP', 'Only the referring side, which has the case, releases it.');
  }
  const caseFile = await loadCase(context, row.localCode);
  mustNotReachFearedState(context, caseFile, row.partner);
  const pair = { own: context.organisation, partner: row.partner };
  const records = recordsFor(await recordsOfCase(context, row.localCode), row.partner);
  const facts = releaseFacts(context, { actor, second, caseFile, records }, stored, reconfirmedAt);
  const { isShort, items } = readiness(facts);
  const grants = grantsOf(records, STAGES_RELEASED, pair).flatMap((grant) =>
    isShort ? shortened(grant, row.partner) : [grant],
  );
  const sections = sectionsFor(caseFile, records, grants, 'package', row);
  await mustBeItsOwnCopy(context, row.localCode, row.partner, sections);
  if (!(await context.store.findMessageById(requestId))) {
    const referrals = await context.store.referralsOfCase(row.localCode);
    await mustStillBeGranted(context, referrals, row.partner, records, STAGES_RELEASED);
    mustBeGranted(grants, 'danger', row.partner);
    mustBeReleasable(context, stored);
    mustBeReady(facts);
  }
  const secondPerson = areTwo(actor, second, needsSecondPerson(caseFile.sections.minimum));
  return context.exchange.send({
    messageId: requestId,
    referralId,
    body: {
      step: 'packageReleased',
      packageReleased: { reconfirmedAt, secondPerson, short: isShort },
    },
    sections: isShort ? sections.map((one) => withMissing(one, items)) : sections,
    grants,
    by: actor,
  });
}

const SHORT: ReadonlySet<SectionName> = new Set(SHORT_SECTIONS);

/** To the partner only what the meeting needs; what comes back stays as it was agreed. */
function shortened(grant: Grant, partner: string): Grant[] {
  if (grant.recipient !== partner) return [grant];
  const sections = grant.sections.filter((section) => SHORT.has(section));
  return sections.length > 0 ? [{ ...grant, sections }] : [];
}

/** The partner sees what is missing, and no word that says it is there. */
function withMissing(input: SectionInput, items: readonly ReadyItem[]): SectionInput {
  if (input.section !== 'consent') return input;
  const missingGates = items.filter(({ state }) => state === 'missing').map(({ code }) => code);
  const consent = parseSection('consent', input.content);
  return { ...input, content: encodeSection('consent', { ...consent, missingGates }) };
}

/** Judged here too: an acceptance that comes a moment later was not in the checklist. */
function mustBeReleasable(context: CaseworkContext, stored: Referral): void {
  const { state } = openReferral(stored, context.exchange.context.codec);
  const why = notReady('packageReleased', viewFor('referring', state));
  if (why !== null) throw new Refusal('ILLEGAL_STEP', `packageReleased: ${why}.`);
}
