// What the person has agreed to, recipient by recipient: the record of it, when the
// yes was given, and which sections it covers until when.
import { sha256 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { grantUntilSeconds } from '#model/case-grant.ts';
import type { PersonalSection } from '#model/codes.ts';
import { newestConsentEvent } from '#model/plan/consent.ts';

export type Agreement = {
  /** Entity identifier of the partner. */
  recipient: string;
  /** SHA-256 of the consent record, base64url. */
  record: string;
  /** Of the newest yes, whole seconds. */
  givenAt: number;
  /** By their end, soonest first; whole seconds. */
  ends: { until: number; sections: PersonalSection[] }[];
};

/** Those that hold now; one that was taken back or has ended is none. */
export function agreementsOf(
  caseFile: CaseFile,
  { own, nowSeconds }: { own: string; nowSeconds: number },
): Agreement[] {
  const { consent } = caseFile.sections;
  const event = consent && newestConsentEvent(consent);
  if (event?.eventState !== 'given' && event?.eventState !== 'renewed') return [];
  const givenAt = Math.floor(Date.parse(event.eventTime) / 1000);
  const record = sha256(JSON.stringify(consent));
  const recipients = new Set(caseFile.grants.map(({ recipient }) => recipient));
  recipients.delete(own);
  return [...recipients]
    .map((recipient) => ({ recipient, record, givenAt, ends: endsOf(caseFile, recipient) }))
    .map(({ ends, ...one }) => ({ ...one, ends: ends.filter(({ until }) => until > nowSeconds) }))
    .filter(({ ends }) => ends.length > 0);
}

function endsOf({ grants }: CaseFile, partner: string): Agreement['ends'] {
  const byEnd = new Map<number, Set<PersonalSection>>();
  for (const grant of grants.filter(({ recipient }) => recipient === partner)) {
    const until = grantUntilSeconds(grant);
    const sections = byEnd.get(until) ?? new Set();
    for (const section of grant.sections) sections.add(section);
    byEnd.set(until, sections);
  }
  return [...byEnd]
    .toSorted(([a], [b]) => a - b)
    .map(([until, sections]) => ({ until, sections: [...sections] }));
}
