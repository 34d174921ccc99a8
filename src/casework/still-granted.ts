// What the person took back from a partner stays closed: only an answer that is newer
// than the withdrawal opens it again, whoever recorded the withdrawal.
import { openReferral } from '#exchange/open-referral.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import type { SectionName, Stage } from '#model/codes.ts';
import { withdraws } from '#model/consent.ts';
import { type ConsentRecord, newestAnswers } from '#model/consent-record.ts';
import type { Grant } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';

/**
 * Looks at every referral of the case with this partner, ended ones as well.
 * @throws Refusal CONSENT_WITHDRAWN, which names the sections
 */
export async function mustStillBeGranted(
  context: CaseworkContext,
  referrals: readonly ReferralRow[],
  partner: string,
  records: readonly ConsentRecord[],
  stages: readonly Stage[],
): Promise<void> {
  const answers = newestAnswers(records).filter(({ stage }) => stages.includes(stage));
  const closed = new Set<SectionName>();
  for (const { section, answer } of answers) if (answer === 'withdrawn') closed.add(section);
  for (const row of referrals) {
    if (row.partner !== partner) continue;
    const { state, thread } = openReferral(
      await context.store.load(row.referralId),
      context.exchange.context.codec,
    );
    const loose = thread.loose.map(({ entry }) => entry);
    const all = [...thread.referring, ...thread.receiving, ...loose];
    for (const { messageId, body } of state.withdrawals) {
      const sentAt = all.find(({ envelope }) => envelope.messageId === messageId)?.envelope.sentAt;
      for (const { section, answer, atMs } of answers) {
        const isNewer = sentAt !== undefined && sentAt * 1000 < atMs;
        if (answer === 'yes' && !isNewer && withdraws(body, section)) closed.add(section);
      }
    }
  }
  if (closed.size === 0) return;
  throw new Refusal(
    'CONSENT_WITHDRAWN',
    `grants: the person withdrew ${[...closed].join(', ')}. Ask again (srx consent ask), and record the new answers.`,
  );
}

/**
 * What the step cannot do without.
 * @throws Refusal NOT_CONSENTED
 */
export function mustBeGranted(
  grants: readonly Grant[],
  section: SectionName,
  partner: string,
): void {
  const isThere = grants.some((one) => one.recipient === partner && one.sections.includes(section));
  if (isThere) return;
  throw new Refusal(
    'NOT_CONSENTED',
    `grants: the person did not say yes to ${section} for this organisation. Ask first (srx consent ask).`,
  );
}
