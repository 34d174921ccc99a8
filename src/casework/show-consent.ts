// What stands in the consent records of a case, recipient by recipient: the answers
// that count, and what happened. Codes and times; no text of the person.
import { openReferral } from '#exchange/open-referral.ts';
import { withdraws } from '#model/consent.ts';
import {
  type ConsentRecord,
  newestAnswers,
  newestReceipt,
  type RecordedAnswer,
} from '#model/consent-record.ts';

import { findCase } from './cases.ts';
import { recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

export type ConsentOf = {
  recipient: string;
  answers: RecordedAnswer[];
  /** The record that the receipt which travels stands in; undefined before any yes. */
  receipt: ConsentRecord | undefined;
  /** Oldest first. */
  history: ConsentRecord[];
};

/** @throws Refusal NOT_FOUND, KEY_UNAVAILABLE */
export async function showConsent(
  context: CaseworkContext,
  localCode: string,
): Promise<ConsentOf[]> {
  await findCase(context, localCode);
  const all = await recordsOfCase(context, localCode);
  const shown: ConsentOf[] = [];
  for (const [recipient, stored] of all) {
    const history = stored.map(({ record }) => record);
    const answers = await withoutTakenBack(context, localCode, recipient, history);
    shown.push({ recipient, answers, receipt: newestReceipt(history), history });
  }
  return shown;
}

/** The answers about one recipient that count now, whoever recorded a withdrawal. */
export async function countingAnswers(
  context: CaseworkContext,
  localCode: string,
  recipient: string,
): Promise<RecordedAnswer[]> {
  const history = recordsFor(await recordsOfCase(context, localCode), recipient);
  return withoutTakenBack(context, localCode, recipient, history);
}

async function withoutTakenBack(
  context: CaseworkContext,
  localCode: string,
  recipient: string,
  history: readonly ConsentRecord[],
): Promise<RecordedAnswer[]> {
  const taken = await takenBack(context, localCode, recipient);
  return newestAnswers(history).map((one) =>
    one.answer === 'yes' && taken.some((isTaken) => isTaken(one))
      ? { ...one, answer: 'withdrawn', until: 0 }
      : one,
  );
}

/** Of the withdrawals in the referrals, also those that the partner recorded. */
async function takenBack(
  context: CaseworkContext,
  localCode: string,
  recipient: string,
): Promise<((answer: RecordedAnswer) => boolean)[]> {
  const found: ((answer: RecordedAnswer) => boolean)[] = [];
  for (const { referralId, partner } of await context.store.referralsOfCase(localCode)) {
    if (partner !== recipient) continue;
    const stored = await context.store.load(referralId);
    const { state, thread } = openReferral(stored, context.exchange.context.codec);
    const loose = thread.loose.map(({ entry }) => entry);
    const all = [...thread.referring, ...thread.receiving, ...loose];
    for (const { messageId, body } of state.withdrawals) {
      const sentAt = all.find(({ envelope }) => envelope.messageId === messageId)?.envelope.sentAt;
      const atMs = (sentAt ?? Number.POSITIVE_INFINITY) * 1000;
      found.push(({ section, atMs: saidAtMs }) => withdraws(body, section) && atMs >= saidAtMs);
    }
  }
  return found;
}
