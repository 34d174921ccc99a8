// Comparing heads, the asking end: takes back own messages, receipts and what
// was read, before anything new is written after a start.
import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import type { Placing, Restored } from './arrived.ts';
import { headOf, trackingEvent } from './change.ts';
import { type ExchangeContext, RECEIPT_TYP } from './context.ts';
import { entryOf, type OpenReferral, placedOf } from './open-referral.ts';
import { loadOpen } from './parcel.ts';
import { keepLost, placeOwn } from './place-own.ts';
import type { Heads, ReferralRow, ReferralSync, StoredMessage } from './ports.ts';
import { verifyReceipt } from './receipt.ts';
import { receive } from './receive.ts';

/**
 * True when, after healing, we have all of our own messages that the partner
 * knows and all that it had told us. False: try again later.
 * @throws Refusal UNAVAILABLE, TIMED_OUT when the partner does not answer
 */
export async function compare(
  context: ExchangeContext,
  member: Member,
  referralId: string,
  isStart = false,
): Promise<boolean> {
  let marks: number | null = null;
  for (let round = 0; round < limits.syncRoundsMax; round += 1) {
    const before = await loadOpen(context, referralId);
    marks ??= marksOf(before.stored.messages);
    const [answer] = await context.transport.sync(member, [headsOf(referralId, before)]);
    if (!answer || answer.referralId !== referralId) return false;
    const { progressed, owed } = await heal(context, member, before, answer);
    if (answer.more && progressed) continue;
    return finish(context, answer, owed, isStart ? null : marks);
  }
  return false;
}

/** Grows with all that a comparison can bring: a message, a place, a receipt. */
function marksOf(messages: readonly StoredMessage[]): number {
  const placed = messages.filter((m) => m.placement === 'placed').length;
  return messages.length + placed + messages.filter((m) => m.receipt !== null).length;
}

function headsOf(referralId: string, { thread, side, stored }: OpenReferral): Heads {
  const receiptsWanted = placedOf(stored.messages, 'own')
    .filter((m) => m.receipt === null)
    .slice(0, limits.syncMessagesMax)
    .map((m) => m.digest);
  const own = headOf(thread[side]);
  return { referralId, own, read: headOf(thread[otherSide(side)]), receiptsWanted };
}

/** Inside a comparison nothing waits for another one. */
const alone: Placing = { compare: () => Promise.resolve(false) };

/** Takes what came, in any order that fits; `owed`: what we once read and still lack. */
async function heal(
  context: ExchangeContext,
  member: Member,
  before: OpenReferral,
  answer: ReferralSync,
): Promise<{ progressed: boolean; owed: number }> {
  const known = new Set(before.stored.messages.map((m) => m.digest));
  const yours = answer.yours.filter((jws) => !known.has(sha256(jws)));
  const mine: Resent[] = [];
  for (const { parcel, receipt } of answer.mine) {
    mine.push({ parcel, restored: receipt === null ? null : await ownReceipt(context, receipt) });
  }
  let progressed = false;
  // Messages of the two chains wait for each other by `seen`: take turns.
  for (let turn = 0; turn < limits.syncMessagesMax * 2; turn += 1) {
    const placed = await unlessRefused(context, placeOwn(context, member, yours[0]));
    if (placed) yours.shift();
    const read = !placed && (await unlessRefused(context, readMine(context, member, mine[0])));
    if (read) mine.shift();
    if (!placed && !read) break;
    progressed = true;
  }
  if (!answer.more) await keepLost(context, member, yours);
  await keepReceipts(context, member, answer);
  return { progressed, owed: yours.length + mine.filter((m) => m.restored !== null).length };
}

/** A message of the partner, and what our own signature says that we gave for it. */
type Resent = { parcel: string; restored: Restored | null };

/** One bad message of a partner must not keep the good ones out, nor what we owe. */
async function unlessRefused(context: ExchangeContext, work: Promise<boolean>): Promise<boolean> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.log.warn('heads-compared-in-part', { code: error.code });
    return false;
  }
}

/** One of the partner's messages, with the receipt that we once gave for it. */
async function readMine(
  context: ExchangeContext,
  member: Member,
  resent: Resent | undefined,
): Promise<boolean> {
  if (!resent) return false;
  try {
    await receive(context, alone, member, resent.parcel, resent.restored);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'CHAIN_FORK') return true;
    throw error;
  }
}

/** Null unless our own key signed it: then it is given again, the same bytes. */
async function ownReceipt(context: ExchangeContext, jws: string): Promise<Restored | null> {
  const keys = await context.ownMessageKeys();
  try {
    const { kid } = readJwsHeader(jws, limits.receiptJwsBytesMax, RECEIPT_TYP);
    const key = keys.get(kid);
    if (!key) return null;
    const payload = await verifyJws(jws, RECEIPT_TYP, key, limits.receiptJwsBytesMax);
    return { jws, receipt: context.codec.decodeReceipt(payload) };
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

async function keepReceipts(
  context: ExchangeContext,
  member: Member,
  answer: ReferralSync,
): Promise<void> {
  const { stored } = await loadOpen(context, answer.referralId);
  if (!stored.row) return;
  const { row, messages } = { ...stored, row: stored.row };
  const open = placedOf(messages, 'own').filter((m) => m.receipt === null);
  for (const jws of answer.receipts.slice(0, limits.syncMessagesMax * 2)) {
    await unlessRefused(context, keepReceipt(context, member, { row, open }, jws));
  }
}

async function keepReceipt(
  context: ExchangeContext,
  member: Member,
  { row, open }: { row: ReferralRow; open: readonly StoredMessage[] },
  jws: string,
): Promise<boolean> {
  const { messageDigest } = context.codec.decodeReceipt(readUnverifiedPayload(jws));
  const message = open.find((m) => m.digest === messageDigest);
  if (!message) return false;
  const entry = entryOf(message, context.codec);
  const { envelope } = entry;
  await verifyReceipt(context, jws, member.messageKeys, { jws: message.jws, envelope });
  const event = trackingEvent(context, 'receipt-verified', row, entry);
  const nowMs = context.clock.now();
  await context.store.storeReceipt(row.referralId, message.seq, jws, nowMs, [event]);
  context.onEvents();
  return true;
}

/**
 * What the partner has not read goes on its way again; equal heads are noted.
 * What waits for its next try goes at once only where something moved since
 * `marks` (null: a start), or a partner could have it tried without a pause.
 */
async function finish(
  context: ExchangeContext,
  answer: ReferralSync,
  owed: number,
  marks: number | null,
): Promise<boolean> {
  const { referralId } = answer;
  const { stored, thread, side } = await loadOpen(context, referralId);
  const unread = placedOf(stored.messages, 'own').filter((m) => m.seq > (answer.read?.seq ?? 0));
  if (unread.length > 0) {
    const seqs = unread.map((m) => m.seq);
    const isUrgent = marks === null || marksOf(stored.messages) > marks;
    await context.store.redeliver(referralId, seqs, context.clock.now(), isUrgent);
  }
  const whole = owed === 0 && thread[side].length >= (answer.read?.seq ?? 0);
  const interrupted = thread.forks.length > 0;
  if (!whole && !interrupted) return false;
  if (stored.row) await context.store.markCompared(referralId, context.boot);
  return true;
}
