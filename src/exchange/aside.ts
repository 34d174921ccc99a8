// What is kept beside the chains: second messages with one number, and
// withdrawals, which count wherever they stand, until they have their place.
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import type { Arrived, Placed } from './arrived.ts';
import { changeOf, NO_CHANGE, storedPeerMessage, trackingEvent } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { extended, type OpenReferral, openReferral, threadOf } from './open-referral.ts';
import type { ReferralChange, StoredMessage } from './ports.ts';
import { receiptFor, signReceipt } from './receipt.ts';

/** Both messages with one number are kept; the referral is interrupted. False: it moved on. */
export async function keepFork(
  context: ExchangeContext,
  { entry, peer, jws }: Arrived,
  before: OpenReferral,
): Promise<boolean> {
  const has = before.stored.messages.some((m) => m.digest === entry.digest);
  const forks = before.stored.messages.filter((m) => m.placement === 'fork');
  if (has || forks.length >= limits.parkedPerReferralMax) return true;
  const stored = storedPeerMessage(context, peer.organisation, entry, jws, 'fork', null);
  return commitAside(context, before, stored, entry);
}

/** A withdrawal counts without a place, too; its receipt is final. */
export async function keepWithdrawal(
  context: ExchangeContext,
  { entry, peer, jws }: Arrived,
  before: OpenReferral,
  placement: 'parked' | 'fork',
): Promise<Placed | null> {
  const kept = before.thread.loose.filter((l) => isWithdrawal(l.entry));
  if (kept.length >= limits.parkedPerReferralMax) {
    throw new Refusal('UNAVAILABLE', 'Too many messages wait for earlier ones; send those first.');
  }
  const receipt = await signReceipt(context, {
    ...receiptFor(context, entry, before.thread, before),
    verdict: 'taken',
    sectionsTaken: [],
  });
  const stored = storedPeerMessage(context, peer.organisation, entry, jws, placement, receipt);
  if (!(await commitAside(context, before, stored, entry))) return null;
  context.recall.all(stored.referralId);
  return { receipt };
}

/** Early withdrawals take their places, once what they had waited for is here. */
export function placeEarly(context: ExchangeContext, referralId: string): Promise<void> {
  return context.inTurn(referralId, async () => {
    const stored = await context.store.load(referralId);
    if (!stored.row) return;
    const before = openReferral(stored, context.codec);
    const thread = withParked(before.side, before.thread, nowSeconds(context.clock));
    const place = placedParked(before, thread);
    if (place.length === 0) return;
    const change = changeOf(context, before, { ...stored.row, thread, comparedBoot: null });
    await context.store.commit(referralId, { ...change, place });
  });
}

export function isWithdrawal({ content }: Entry): boolean {
  return content?.body.step === 'consentWithdrawn';
}

/** Sent by a clock that runs ahead of ours by more than is allowed. */
export function isAhead({ envelope }: Entry, now: number): boolean {
  return envelope.sentAt > now + limits.clockSkewSecondsMax;
}

/** One more message that has no place, and what follows from its being there. */
export async function commitAside(
  context: ExchangeContext,
  before: OpenReferral,
  stored: StoredMessage,
  entry: Entry,
): Promise<boolean> {
  const { row, messages } = before.stored;
  const thread = threadOf([...messages, stored], before.side, context.codec);
  let change: ReferralChange = { ...NO_CHANGE, row: null, expectVersion: 0, insert: [stored] };
  if (row) {
    const next = changeOf(context, before, { ...row, thread, comparedBoot: null });
    const what = thread.forks.length > before.thread.forks.length ? 'interrupted' : 'step-taken';
    const event = trackingEvent(context, what, next.row, entry);
    change = { ...next, insert: [stored], events: [event] };
  }
  const done = await context.store.commit(stored.referralId, change);
  if (done) context.onEvents();
  return done;
}

/** Parked withdrawals that follow now take their places too. */
export function withParked(own: Side, thread: Thread, now: number): Thread {
  const theirs = otherSide(own);
  for (;;) {
    const chain = thread[theirs];
    const ours = thread[own];
    const next = thread.loose.find(({ side, entry }) => {
      const { seq, previous, seen } = entry.envelope;
      return (
        side === theirs &&
        seq === chain.length + 1 &&
        previous === (chain.at(-1)?.digest ?? '') &&
        (!seen || ours[seen.seq - 1]?.digest === seen.digest) &&
        !thread.forks.some((fork) => fork.side === theirs && fork.seq === seq) &&
        !isAhead(entry, now)
      );
    });
    if (!next) return thread;
    thread = extended(thread, theirs, next.entry);
  }
}

export function placedParked(before: OpenReferral, placed: Thread): ReferralChange['place'] {
  const stillLoose = new Set(placed.loose.map((l) => l.entry.digest));
  return before.stored.messages
    .filter((m) => m.placement === 'parked' && !stillLoose.has(m.digest))
    .filter((m) => placed[otherSide(before.side)].some((e) => e.digest === m.digest))
    .map(({ author, seq, digest, receipt }) => ({ author, seq, digest, receipt }));
}
