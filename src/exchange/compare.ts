// Comparing heads, the asking end: takes back own messages, receipts and what
// was read, before anything new is written after a start.
import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { limits } from '#model/limits.ts';
import { Refusal, unauthenticated } from '#model/refusal.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import { changeOf, headOf, trackingEvent } from './change.ts';
import { type ExchangeContext, MESSAGE_TYP, RECEIPT_TYP } from './context.ts';
import { entryOf, extended, type OpenReferral, placedOf } from './open-referral.ts';
import { loadOpen } from './parcel.ts';
import type { Heads, ReferralSync, StoredMessage } from './ports.ts';
import { verifyReceipt } from './receipt.ts';
import { type Placing, type Restored, receive } from './receive.ts';

/**
 * True when, after healing, we have all of our own messages that the partner
 * knows and all that it had told us. False: try again later.
 * @throws Refusal UNAVAILABLE, TIMED_OUT when the partner does not answer
 */
export async function compare(
  context: ExchangeContext,
  member: Member,
  referralId: string,
): Promise<boolean> {
  for (let round = 0; round < limits.syncRoundsMax; round += 1) {
    const before = await loadOpen(context, referralId);
    const [answer] = await context.transport.sync(member, [headsOf(referralId, before)]);
    if (!answer || answer.referralId !== referralId) return false;
    const { progressed, owed } = await heal(context, member, before, answer);
    if (answer.more && progressed) continue;
    return finish(context, referralId, answer, owed);
  }
  return false;
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
  const mine = [...answer.mine];
  let progressed = false;
  // Messages of the two chains wait for each other by `seen`: take turns.
  for (let turn = 0; turn < limits.syncMessagesMax * 2; turn += 1) {
    const placed = (await placeOwn(context, member, yours[0])) && yours.shift() !== undefined;
    const read =
      !placed && (await readMine(context, member, mine[0])) && mine.shift() !== undefined;
    if (!placed && !read) break;
    progressed = true;
  }
  await keepReceipts(context, member, answer);
  return { progressed, owed: yours.length + mine.filter((m) => m.receipt !== null).length };
}

/** One of our own lost messages. False when it does not fit yet, or not at all. */
async function placeOwn(
  context: ExchangeContext,
  member: Member,
  jws: string | undefined,
): Promise<boolean> {
  if (jws === undefined) return false;
  const { kid } = readJwsHeader(jws, limits.messageJwsBytesMax, MESSAGE_TYP);
  const key = (await context.ownMessageKeys()).get(kid);
  if (!key) throw unauthenticated();
  await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);
  const entry = entryOf({ jws, digest: sha256(jws) }, context.codec);
  const { envelope, content } = entry;
  if (envelope.from !== context.organisation || envelope.to !== member.organisation) {
    throw new Refusal('MALFORMED', 'yours: it is not a message between the two.');
  }
  const before = await loadOpen(context, envelope.referralId);
  // The first message of a referral that nobody answered yet: it is ours.
  const opens = !before.stored.row && envelope.seq === 1 && !envelope.seen;
  const side = opens ? 'referring' : before.side;
  const chain = before.thread[side];
  const rival = chain[envelope.seq - 1];
  if (rival && rival.digest === entry.digest) return true;
  if (!rival && envelope.seq !== chain.length + 1) return false;
  const seen = envelope.seen && before.thread[otherSide(side)][envelope.seen.seq - 1];
  if (!rival && envelope.seen && seen?.digest !== envelope.seen.digest) return false;
  const placement = rival ? 'fork' : 'placed';
  const thread = rival
    ? {
        ...before.thread,
        loose: [...before.thread.loose, { side, entry }],
        forks: [...before.thread.forks, { side, seq: envelope.seq }],
      }
    : extended(before.thread, side, entry);
  const request = content?.body.step === 'referralRequest' ? content.body.referralRequest : null;
  const change = changeOf(context, before, {
    partner: member.organisation,
    side,
    caseCode: before.stored.row?.caseCode ?? request?.caseCode ?? '',
    localCode: before.stored.row?.localCode ?? null,
    thread,
    comparedBoot: null,
  });
  const stored = ownMessage(context, member, envelope, jws, entry.digest, placement);
  const what = rival ? 'interrupted' : 'step-sent';
  const done = await context.store.commit(envelope.referralId, {
    ...change,
    insert: [stored],
    events: [trackingEvent(context, what, change.row, entry)],
  });
  if (done) context.onEvents();
  return done;
}

function ownMessage(
  context: ExchangeContext,
  member: Member,
  { referralId, seq, messageId }: { referralId: string; seq: number; messageId: string },
  jws: string,
  digest: string,
  placement: StoredMessage['placement'],
): StoredMessage {
  return {
    referralId,
    partner: member.organisation,
    author: 'own',
    seq,
    messageId,
    digest,
    jws,
    placement,
    receipt: null,
    storedAtMs: context.clock.now(),
    receiptAtMs: null,
    byStaff: null,
    byRole: null,
  };
}

/** One of the partner's messages, with the receipt that we once gave for it. */
async function readMine(
  context: ExchangeContext,
  member: Member,
  resent: ReferralSync['mine'][number] | undefined,
): Promise<boolean> {
  if (!resent) return false;
  const restored = resent.receipt === null ? null : await ownReceipt(context, resent.receipt);
  try {
    await receive(context, alone, member, resent.parcel, restored);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'SYNC_FIRST') return false;
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
  for (const jws of answer.receipts.slice(0, limits.syncMessagesMax * 2)) {
    const { messageDigest } = context.codec.decodeReceipt(readUnverifiedPayload(jws));
    const message = placedOf(stored.messages, 'own').find((m) => m.digest === messageDigest);
    if (!message || message.receipt !== null) continue;
    const entry = entryOf(message, context.codec);
    const { envelope } = entry;
    await verifyReceipt(context, jws, member.messageKeys, { jws: message.jws, envelope });
    const event = trackingEvent(context, 'receipt-verified', stored.row, entry);
    const nowMs = context.clock.now();
    await context.store.storeReceipt(answer.referralId, message.seq, jws, nowMs, [event]);
    context.onEvents();
  }
}

/** What the partner has not read goes on its way again; equal heads are noted. */
async function finish(
  context: ExchangeContext,
  referralId: string,
  answer: ReferralSync,
  owed: number,
): Promise<boolean> {
  const { stored, thread, side } = await loadOpen(context, referralId);
  const unread = placedOf(stored.messages, 'own').filter((m) => m.seq > (answer.read?.seq ?? 0));
  if (unread.length > 0) {
    const seqs = unread.map((m) => m.seq);
    await context.store.redeliver(referralId, seqs, context.clock.now());
  }
  const whole = owed === 0 && thread[side].length >= (answer.read?.seq ?? 0);
  const interrupted = thread.forks.length > 0;
  if (!whole && !interrupted) return false;
  if (stored.row) await context.store.markCompared(referralId, context.boot);
  return true;
}
