// What the person has agreed to, recipient by recipient: the record of it, when the
// yes was given, and which sections it covers until when.
import { sha256 } from '#crypto/digest.ts';
import type { PersonalSection } from '#model/codes.ts';
import { newestAnswers, saidYes } from '#model/consent-record.ts';
import { newestConsentEvent } from '#model/plan/consent.ts';

import type { RecordsOfCase, StoredRecord } from './consent-records.ts';

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

/** Those that hold now; one that was taken back or has ended is none. */
export function agreementsOf(records: RecordsOfCase, nowSeconds: number): Agreement[] {
  return [...records].flatMap(([recipient, stored]) => {
    const newest = stored.findLast(({ record }) => record.receipt !== undefined);
    const event = newest?.record.receipt && newestConsentEvent(newest.record.receipt);
    if (!newest || (event?.eventState !== 'given' && event?.eventState !== 'renewed')) return [];
    const ends = endsOf(stored).filter(({ until }) => until > nowSeconds);
    if (ends.length === 0) return [];
    const givenAt = Math.floor(Date.parse(event.eventTime) / 1000);
    return [{ recipient, record: sha256(newest.jws), givenAt, ends }];
  });
}

function endsOf(stored: readonly StoredRecord[]): Agreement['ends'] {
  const byEnd = new Map<number, Set<PersonalSection>>();
  for (const answer of saidYes(newestAnswers(stored.map(({ record }) => record)))) {
    if (answer.direction !== 'to-recipient') continue;
    const sections = byEnd.get(answer.until) ?? new Set();
    byEnd.set(answer.until, sections.add(answer.section));
  }
  return [...byEnd]
    .toSorted(([a], [b]) => a - b)
    .map(([until, sections]) => ({ until, sections: [...sections] }));
}
