// What a placed message changes here: its verdict by the fold, its sections by
// the gate, our refusal where it earned one, and the receipt, all in one commit.

import { nowSeconds } from '#model/clock.ts';
import type { RefusalReason } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Receipt } from '#model/message.ts';
import { fold } from '#model/referral.ts';
import { Refusal } from '#model/refusal.ts';
import { type Entry, isUnvoidable, type Thread } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import { changeOf, headOf, storedPeerMessage, trackingEvent } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { extended, type OpenReferral } from './open-referral.ts';
import type { ReferralChange, StoredMessage } from './ports.ts';
import { signReceipt } from './receipt.ts';
import type { Arrived, Restored } from './receive.ts';
import { permitted, sealAtRest } from './sections.ts';
import { refusalOf } from './write.ts';

/** @returns the receipt; null when the referral moved on meanwhile */
export async function takeMessage(
  context: ExchangeContext,
  arrived: Arrived,
  before: OpenReferral,
  reason: RefusalReason | null,
): Promise<string | null> {
  const { entry, peer, jws } = arrived;
  const { envelope } = entry;
  const theirs = otherSide(before.side);
  const placed = withParked(before, extended(before.thread, theirs, entry));
  const refusal = reason && (await refusalOf(context, before, placed, envelope, reason));
  const thread = refusal ? extended(placed, before.side, refusal.entry) : placed;
  const state = fold(thread);
  const judged = state.verdicts[theirs][envelope.seq - 1];
  const counts = judged?.verdict === 'counts';
  const now = nowSeconds(context.clock);
  const { restored } = arrived;
  // Withdrawals and refusals count unjudged: what they carry was never judged either.
  const isReadable = counts && !isUnvoidable(entry) && !wasDropped(restored);
  const kept = isReadable ? permitted(state, context.organisation, now, arrived.sections) : [];
  const receipt =
    restored?.jws ??
    (await signReceipt(context, {
      ...receiptFor(context, entry, thread, before),
      verdict: reason !== null ? 'refused' : counts ? 'taken' : 'void',
      ...(reason !== null && { reason }),
      sectionsTaken: kept.map((s) => s.section),
    }));
  const place = { referralId: envelope.referralId, author: 'peer', seq: envelope.seq } as const;
  const sections = await sealAtRest(context, place, kept);
  const change = changeOf(context, before, {
    ...identityOf(before, entry, peer.organisation),
    thread,
    state,
    comparedBoot: refusal ? context.boot : null,
  });
  const isParked = before.stored.messages.some((m) => m.digest === entry.digest);
  const what = reason !== null ? 'step-refused' : 'step-taken';
  const done = await context.store.commit(envelope.referralId, {
    ...change,
    insert: [
      ...(isParked
        ? []
        : [storedPeerMessage(context, peer.organisation, entry, jws, 'placed', receipt)]),
      ...(refusal ? [refusal.stored] : []),
    ],
    place: [
      ...(isParked ? [{ ...place, digest: entry.digest, receipt }] : []),
      ...placedParked(before, placed),
    ],
    sections,
    deliveries: refusal ? [refusal.delivery] : [],
    events: [trackingEvent(context, what, change.row, entry)],
  });
  if (!done) return null;
  context.onEvents();
  if (refusal) context.onDelivery(refusal.delivery);
  return receipt;
}

/** Our own receipt says that it was refused or void, before we were restored. */
function wasDropped(restored: Restored | null): boolean {
  return restored !== null && restored.receipt.verdict !== 'taken';
}

/** Both messages with one number are kept; the referral is interrupted. */
export async function keepFork(
  context: ExchangeContext,
  { entry, peer, jws }: Arrived,
  before: OpenReferral,
): Promise<void> {
  const has = before.stored.messages.some((m) => m.digest === entry.digest);
  const forks = before.stored.messages.filter((m) => m.placement === 'fork');
  if (has || forks.length >= limits.parkedPerReferralMax) return;
  const stored = storedPeerMessage(context, peer.organisation, entry, jws, 'fork', null);
  await commitAside(context, before, stored, entry, 'interrupted');
}

/** A withdrawal counts before its place is known; its receipt is final. */
export async function keepEarlyWithdrawal(
  context: ExchangeContext,
  { entry, peer, jws }: Arrived,
  before: OpenReferral,
): Promise<string | null> {
  const parked = before.stored.messages.filter((m) => m.placement === 'parked');
  if (parked.length >= limits.parkedPerReferralMax) {
    throw new Refusal('UNAVAILABLE', 'Too many messages wait for earlier ones; send those first.');
  }
  const receipt = await signReceipt(context, {
    ...receiptFor(context, entry, before.thread, before),
    verdict: 'taken',
    sectionsTaken: [],
  });
  const stored = storedPeerMessage(context, peer.organisation, entry, jws, 'parked', receipt);
  return (await commitAside(context, before, stored, entry, 'step-taken')) ? receipt : null;
}

async function commitAside(
  context: ExchangeContext,
  before: OpenReferral,
  stored: StoredMessage,
  entry: Entry,
  what: 'step-taken' | 'interrupted',
): Promise<boolean> {
  const { row } = before.stored;
  const side = otherSide(before.side);
  const thread: Thread = {
    ...before.thread,
    loose: [...before.thread.loose, { side, entry }],
    forks: [
      ...before.thread.forks,
      ...(stored.placement === 'fork' ? [{ side, seq: stored.seq }] : []),
    ],
  };
  let change: ReferralChange = { ...NOTHING, expectVersion: 0, insert: [stored] };
  if (row) {
    const next = changeOf(context, before, { ...row, thread, comparedBoot: null });
    const event = trackingEvent(context, what, next.row, entry);
    change = { ...next, insert: [stored], events: [event] };
  }
  const done = await context.store.commit(stored.referralId, change);
  if (done) context.onEvents();
  return done;
}

const NOTHING: Omit<ReferralChange, 'expectVersion' | 'insert'> = {
  row: null,
  place: [],
  sections: [],
  deliveries: [],
  events: [],
  tasks: [],
  doneTasks: [],
};

/** Parked withdrawals that follow now take their places too. */
function withParked(before: OpenReferral, thread: Thread): Thread {
  const theirs = otherSide(before.side);
  for (;;) {
    const chain = thread[theirs];
    const ours = thread[before.side];
    const next = thread.loose.find(({ side, entry: { envelope } }) => {
      const seen = envelope.seen;
      return (
        side === theirs &&
        envelope.seq === chain.length + 1 &&
        envelope.previous === chain.at(-1)?.digest &&
        (!seen || ours[seen.seq - 1]?.digest === seen.digest)
      );
    });
    if (!next) return thread;
    thread = extended(thread, theirs, next.entry);
  }
}

function placedParked(before: OpenReferral, placed: Thread): ReferralChange['place'] {
  const stillLoose = new Set(placed.loose.map((l) => l.entry.digest));
  return before.stored.messages
    .filter((m) => m.placement === 'parked' && !stillLoose.has(m.digest))
    .filter((m) => placed[otherSide(before.side)].some((e) => e.digest === m.digest))
    .map(({ author, seq, digest, receipt }) => ({ author, seq, digest, receipt }));
}

function receiptFor(
  context: ExchangeContext,
  { envelope, digest }: Entry,
  thread: Thread,
  before: OpenReferral,
): Omit<Receipt, 'verdict' | 'sectionsTaken'> {
  const head = headOf(thread[before.side]);
  const read = headOf(thread[otherSide(before.side)]);
  return {
    receiver: context.organisation,
    sender: envelope.from,
    referralId: envelope.referralId,
    messageId: envelope.messageId,
    seq: envelope.seq,
    messageDigest: digest,
    receivedAt: nowSeconds(context.clock),
    ...(head && { head }),
    ...(read && { read }),
  };
}

function identityOf(before: OpenReferral, entry: Entry, partner: string) {
  const { row } = before.stored;
  const body = entry.content?.body;
  const caseCode = body?.step === 'referralRequest' ? body.referralRequest.caseCode : '';
  return {
    partner,
    side: before.side,
    caseCode: row?.caseCode ?? caseCode,
    localCode: row?.localCode ?? null,
  };
}
