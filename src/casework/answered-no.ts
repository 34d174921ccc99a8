// A no on a form that takes back an earlier yes: what went under that yes stops too.
// Nobody has to think of a second command for the person's no to count.
import { openReferral } from '#exchange/open-referral.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import { type SectionName, STAGES } from '#model/codes.ts';
import { mayTravel } from '#model/consent.ts';
import { type ConsentRecord, newestAnswers, saidYes } from '#model/consent-record.ts';
import type { StepBody } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import type { Actor } from './actor.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { withdrawConsent } from './withdraw.ts';

/**
 * The same record again carries it to those that it has not reached yet.
 * @throws Refusal UNAVAILABLE: it is recorded, and could not be carried everywhere
 */
export async function carryNo(
  context: CaseworkContext,
  actor: Actor,
  { localCode, recipient, recordId, form }: ConsentRecord,
): Promise<void> {
  const records = recordsFor(await recordsOfCase(context, localCode), recipient);
  const closed = closedBy(records, recordId);
  if (closed.length === 0) return;
  const isAll = saidYes(newestAnswers(records)).length === 0;
  const byGuardian = form?.givenBy === 'guardian-with-assent' && form.childAssent === null;
  let isMissed = false;
  for (const row of await context.store.referralsOfCase(localCode)) {
    const sections = row.partner === recipient ? await grantedIn(context, row, closed) : [];
    if (sections.length === 0) continue;
    const body = { ...NO, whole: isAll, sections: isAll ? [] : sections };
    const asked = { requestId: recordId, localCode: '', referralId: row.referralId };
    const said = await withdrawConsent(context, actor, { ...asked, byGuardian, body });
    isMissed ||= said.some(({ fault }) => fault !== null);
  }
  if (!isMissed) return;
  throw new Refusal(
    'UNAVAILABLE',
    'The no is recorded, and has not reached every referral. Record the same form again.',
  );
}

const NO: StepBody<'consentWithdrawn'> = {
  whole: false,
  sections: [],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'not-asked',
};

/** To what this record says no, nothing says yes any more, and something did before it. */
function closedBy(records: readonly ConsentRecord[], recordId: string): SectionName[] {
  const at = records.findIndex((one) => one.recordId === recordId);
  const before = saidYes(newestAnswers(records.slice(0, at)));
  const now = saidYes(newestAnswers(records));
  const lost = before.filter(
    ({ section, direction }) =>
      !now.some((one) => one.section === section && one.direction === direction),
  );
  return [...new Set(lost.map(({ section }) => section))];
}

/** Of those, what this referral has a grant for that nothing took back, ended or not. */
async function grantedIn(
  context: CaseworkContext,
  { referralId, partner }: ReferralRow,
  sections: readonly SectionName[],
): Promise<SectionName[]> {
  const { codec } = context.exchange.context;
  const { state, thread } = openReferral(await context.store.load(referralId), codec);
  // Behind a fork stands what nobody judges: it stops too.
  if (thread.forks.length > 0) return [...sections];
  return sections.filter((section) =>
    [partner, context.organisation].some((recipient) => {
      const question = { section, recipient, stages: STAGES, atSeconds: 0 };
      return mayTravel(question, state.grants, state.withdrawals) === 'granted';
    }),
  );
}
