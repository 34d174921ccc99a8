// Proves the consent records of a case: signatures, their order, the words that were
// shown, the rules, and that all that was sent was covered when it was sent.
import { sha256, sha256Hex } from '#crypto/digest.ts';
import { readJwsHeader, verifyJws } from '#crypto/jws.ts';
import { openReferral } from '#exchange/open-referral.ts';
import type { ReferralRow } from '#exchange/ports.ts';
import { isPersonal, type SectionName } from '#model/codes.ts';
import { consentFormFaults } from '#model/consent-form-rules.ts';
import { type CONSENT_FAULTS, type ConsentRecord, newestAnswers } from '#model/consent-record.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { requestOf } from './ask-consent.ts';
import { findCase } from './cases.ts';
import {
  CONSENT_RECORD_TYP,
  openRows,
  recordsFor,
  recordsOfCase,
  type StoredRecord,
} from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

export type ConsentFault = {
  recipient: string;
  fault: (typeof CONSENT_FAULTS)[number];
  /** Number of the record; 0 for a message. */
  number: number;
  /** Of 'not-covered'; else empty. */
  referralId: string;
  section: SectionName | '';
};

/** @throws Refusal NOT_FOUND, KEY_UNAVAILABLE */
export async function verifyConsent(
  context: CaseworkContext,
  localCode: string,
): Promise<{ records: number; messages: number; faults: ConsentFault[] }> {
  await findCase(context, localCode);
  const rows = await openRows(context, localCode);
  const none = { referralId: '', section: '' } as const;
  const faults: ConsentFault[] = rows
    .filter(({ jws }) => jws === null)
    .map(({ row: { recipient, number } }) => {
      return { ...none, recipient, number, fault: 'unreadable' as const };
    });
  const all = await recordsOfCase(context, localCode);
  for (const [recipient, stored] of all) {
    for (const [index, one] of stored.entries()) {
      const found = await faultsOf(context, stored, index);
      faults.push(...found.map((fault) => ({ ...none, recipient, number: one.row.number, fault })));
    }
  }
  const sent = await sentOf(context, localCode);
  for (const message of sent) {
    const records = recordsFor(all, message.partner);
    const { partner: recipient, referralId } = message;
    for (const section of message.sections) {
      if (isCovered(records, section, message.sentAt)) continue;
      faults.push({ recipient, fault: 'not-covered', number: 0, referralId, section });
    }
  }
  return { records: rows.length, messages: sent.length, faults };
}

async function faultsOf(
  context: CaseworkContext,
  stored: readonly StoredRecord[],
  index: number,
): Promise<ConsentFault['fault'][]> {
  const one = stored[index];
  if (!one) return [];
  const { record, jws, row } = one;
  const before = stored[index - 1];
  const faults: ConsentFault['fault'][] = [];
  if (!(await isSigned(context, jws))) faults.push('signature');
  // After one that is unreadable nothing can be said of the order.
  const follows = before?.row.number === record.number - 1;
  const isFirst = record.number === 1 && record.previous === '';
  if (follows ? record.previous !== sha256(before.jws) : !isFirst) faults.push('order');
  const isHere =
    record.localCode === row.localCode &&
    record.recipient === row.recipient &&
    record.number === row.number &&
    record.recordId === row.recordId;
  if (!isHere) faults.push('place');
  const earlier = stored.slice(0, index).map((each) => each.record);
  if (!showsItsText(record, earlier)) faults.push('text');
  if (record.form && consentFormFaults(record.form, record.atMs).length > 0) faults.push('rules');
  return faults;
}

async function isSigned(context: CaseworkContext, jws: string): Promise<boolean> {
  try {
    const { kid } = readJwsHeader(jws, limits.consentRecordBytesMax, CONSENT_RECORD_TYP);
    const key = (await context.exchange.context.ownMessageKeys()).get(kid);
    if (!key) return false;
    await verifyJws(jws, CONSENT_RECORD_TYP, key, limits.consentRecordBytesMax);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** The words are those of the digest, and an answer names the words it was asked with. */
function showsItsText({ text, form, receipt }: ConsentRecord, earlier: ConsentRecord[]): boolean {
  if (text && text.digest !== sha256Hex(text.shown)) return false;
  if (!form) return true;
  const asked = requestOf(earlier, form.requestId)?.text?.digest;
  const said = [form.textDigest, ...(receipt ? [receipt.noticeDigest] : [])];
  return said.every((digest) => digest === asked);
}

type SentMessage = Pick<ReferralRow, 'referralId' | 'partner'> & {
  sentAt: number;
  sections: SectionName[];
};

/** Own messages of the case with sections about the person. */
async function sentOf(context: CaseworkContext, localCode: string): Promise<SentMessage[]> {
  const found: SentMessage[] = [];
  for (const { referralId, partner } of await context.store.referralsOfCase(localCode)) {
    const stored = await context.store.load(referralId);
    const { thread, side } = openReferral(stored, context.exchange.context.codec);
    for (const { envelope, content } of thread[side]) {
      const sections = (content?.sections ?? [])
        .map(({ section }) => section)
        .filter((section) => isPersonal(section));
      if (sections.length === 0) continue;
      found.push({ referralId, partner, sentAt: envelope.sentAt, sections });
    }
  }
  return found;
}

/** By what was written down until then, and said until then. */
function isCovered(
  records: readonly ConsentRecord[],
  section: SectionName,
  sentAt: number,
): boolean {
  const atMs = sentAt * 1000 + 999;
  const until = newestAnswers(records.filter((record) => record.atMs <= atMs));
  return until.some(
    (one) =>
      one.section === section &&
      one.direction === 'to-recipient' &&
      one.answer === 'yes' &&
      one.atMs <= atMs &&
      one.until >= sentAt,
  );
}
