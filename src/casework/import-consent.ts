// What a case file says yes to becomes consent records, so that there is one truth.
// A file never takes back what was answered to a person's face: only its own yes.
import type { CaseFile } from '#model/case-file.ts';
import { type CaseGrant, grantUntilSeconds } from '#model/case-grant.ts';
import {
  type ConsentRecord,
  newestAnswers,
  newestReceipt,
  questionKey,
  type RecordedAnswer,
  saidYes,
} from '#model/consent-record.ts';
import { newestConsentEvent } from '#model/plan/consent.ts';

import type { Actor } from './actor.ts';
import { addRecord } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

/** The same file again adds nothing. @throws Refusal KEY_UNAVAILABLE, UNAVAILABLE */
export async function importConsent(
  context: CaseworkContext,
  actor: Actor,
  caseFile: CaseFile,
): Promise<void> {
  const partners = new Set(caseFile.grants.map(({ recipient }) => recipient));
  partners.delete(context.organisation);
  for (const recipient of partners) {
    const about = { localCode: caseFile.localCode, recipient };
    await addRecord(context, actor, about, (there) => {
      const answers = changedAnswers(caseFile, recipient, context.organisation, there);
      const receipt = receiptFor(caseFile, recipient);
      const isKnown =
        receipt === undefined ||
        JSON.stringify(newestReceipt(there)?.receipt) === JSON.stringify(receipt);
      if (answers.length === 0 && isKnown) return null;
      return { event: 'imported', answers, receipt: () => receipt };
    });
  }
}

function receiptFor({ sections: { consent } }: CaseFile, recipient: string) {
  return consent?.recipientThirdParties.includes(recipient) ? consent : undefined;
}

function changedAnswers(
  caseFile: CaseFile,
  partner: string,
  own: string,
  there: readonly ConsentRecord[],
): RecordedAnswer[] {
  const atMs = newestYesMs(caseFile, partner);
  const inFile = answersIn(caseFile.grants, { partner, own, atMs });
  const known = newestAnswers(there);
  const knownOf = new Map(known.map((one) => [questionKey(one), one]));
  const isNew = (one: RecordedAnswer) => {
    const before = knownOf.get(questionKey(one));
    if (!before) return true;
    const isSame = before.answer === 'yes' && before.until === one.until;
    return one.atMs >= before.atMs && !(isSame && one.atMs === before.atMs);
  };
  const fromFiles = newestAnswers(there.filter(({ event }) => event === 'imported'));
  const leftOut = saidYes(fromFiles)
    .filter((one) => !inFile.has(questionKey(one)))
    .filter((one) => knownOf.get(questionKey(one))?.atMs === one.atMs)
    .map((one) => ({ ...one, answer: 'no', until: 0, atMs: Math.max(one.atMs, atMs) }) as const)
    .filter((one) => knownOf.get(questionKey(one))?.answer === 'yes');
  return [...[...inFile.values()].filter(isNew), ...leftOut];
}

/** By question; of two ends to one question the later. */
function answersIn(
  grants: readonly CaseGrant[],
  { partner, own, atMs }: { partner: string; own: string; atMs: number },
): Map<string, RecordedAnswer> {
  const found = new Map<string, RecordedAnswer>();
  for (const grant of grants) {
    if (grant.recipient !== partner && grant.recipient !== own) continue;
    const direction = grant.recipient === partner ? 'to-recipient' : 'from-recipient';
    const until = grantUntilSeconds(grant);
    const { stage, purpose } = grant;
    for (const section of grant.sections) {
      const one = { section, stage, purpose, direction, answer: 'yes', until, atMs } as const;
      const known = found.get(questionKey(one));
      if (!known || known.until < until) found.set(questionKey(one), one);
    }
  }
  return found;
}

/** Zero where the newest event is no yes, or the file's record is about somebody else. */
function newestYesMs({ sections: { consent } }: CaseFile, partner: string): number {
  if (!consent?.recipientThirdParties.includes(partner)) return 0;
  const event = newestConsentEvent(consent);
  const isYes = event?.eventState === 'given' || event?.eventState === 'renewed';
  return isYes ? Math.max(0, Date.parse(event.eventTime)) : 0;
}
