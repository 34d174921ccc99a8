// What the person has agreed to, recipient by recipient: the record of it, when the
// yes was given, and which sections it covers until when.
import { sha256 } from '#crypto/digest.ts';
import type { PersonalSection } from '#model/codes.ts';
import { type RecordedAnswer, saidYes } from '#model/consent-record.ts';
import { newestConsentEvent } from '#model/plan/consent.ts';

import { recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';
import { showConsent } from './show-consent.ts';

export type Agreement = {
  /** Entity identifier of the partner. */
  recipient: string;
  /** SHA-256 of the signed consent record, base64url. */
  record: string;
  /** Of the newest yes, whole seconds. */
  givenAt: number;
  /** By their end, soonest first; whole seconds. */
  ends: { until: number; sections: PersonalSection[] }[];
};

/**
 * Those that hold now. One that has ended or was taken back, at either organisation, is none.
 * @throws Refusal NOT_FOUND, KEY_UNAVAILABLE
 */
export async function agreementsOf(
  context: CaseworkContext,
  localCode: string,
  nowSeconds: number,
): Promise<Agreement[]> {
  const records = await recordsOfCase(context, localCode);
  return (await showConsent(context, localCode)).flatMap(({ recipient, answers, receipt }) => {
    const stored = records.get(recipient)?.find(({ record }) => {
      return record.recordId === receipt?.recordId;
    });
    const event = receipt?.receipt && newestConsentEvent(receipt.receipt);
    if (!stored || (event?.eventState !== 'given' && event?.eventState !== 'renewed')) return [];
    const ends = endsOf(answers).filter(({ until }) => until > nowSeconds);
    if (ends.length === 0) return [];
    const givenAt = Math.floor(Date.parse(event.eventTime) / 1000);
    return [{ recipient, record: sha256(stored.jws), givenAt, ends }];
  });
}

function endsOf(answers: readonly RecordedAnswer[]): Agreement['ends'] {
  const byEnd = new Map<number, Set<PersonalSection>>();
  for (const { direction, until, section } of saidYes(answers)) {
    if (direction !== 'to-recipient') continue;
    byEnd.set(until, (byEnd.get(until) ?? new Set()).add(section));
  }
  return [...byEnd]
    .toSorted(([a], [b]) => a - b)
    .map(([until, sections]) => ({ until, sections: [...sections] }));
}
