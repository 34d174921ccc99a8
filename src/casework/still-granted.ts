// What the person took back from a partner stays closed, whatever a case file
// grants: only a yes that its consent record shows to be newer opens it again.
import { openReferral } from '#exchange/open-referral.ts';
import type { CaseFile } from '#model/case-file.ts';
import { withdraws } from '#model/consent.ts';
import type { Grant } from '#model/message.ts';
import { newestConsentEvent } from '#model/plan/consent.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';

/**
 * Looks at every referral of the case with this partner, ended ones as well.
 * @throws Refusal CONSENT_WITHDRAWN, which names the sections
 */
export async function mustStillBeGranted(
  context: CaseworkContext,
  caseFile: CaseFile,
  partner: string,
  grants: readonly Grant[],
): Promise<void> {
  const saidYesMs = newestYesMs(caseFile);
  const sections = [...new Set(grants.flatMap((grant) => grant.sections))];
  const closed = new Set<string>();
  for (const row of await context.store.referralsOfCase(caseFile.localCode)) {
    if (row.partner !== partner) continue;
    const { state, thread } = openReferral(
      await context.store.load(row.referralId),
      context.exchange.context.codec,
    );
    const loose = thread.loose.map(({ entry }) => entry);
    const all = [...thread.referring, ...thread.receiving, ...loose];
    for (const { messageId, body } of state.withdrawals) {
      const entry = all.find(({ envelope }) => envelope.messageId === messageId);
      if (entry && entry.envelope.sentAt * 1000 < saidYesMs) continue;
      for (const section of sections) if (withdraws(body, section)) closed.add(section);
    }
  }
  if (closed.size === 0) return;
  const names = [...closed].join(', ');
  throw new Refusal(
    'CONSENT_WITHDRAWN',
    `grants: the person withdrew ${names}. Ask again; take out what is not granted, or write the new yes into sections.consent.events, and import the case.`,
  );
}

/** Zero where the newest event is no yes. */
function newestYesMs({ sections: { consent } }: CaseFile): number {
  const event = consent && newestConsentEvent(consent);
  const isYes = event?.eventState === 'given' || event?.eventState === 'renewed';
  return isYes ? Date.parse(event.eventTime) : 0;
}
