// What a placed message changes here: its verdict by the fold, its sections by
// the gate, our refusal where it earned one, and the receipt, all in one commit.

import { nowSeconds } from '#model/clock.ts';
import type { RefusalReason } from '#model/codes.ts';
import { isErasedFor, NOTHING_ERASED } from '#model/erasure-record.ts';
import { fold } from '#model/referral.ts';
import { type Entry, isUnvoidable } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import type { Arrived, Placed, Restored } from './arrived.ts';
import { isWithdrawal, placedParked, withParked } from './aside.ts';
import { changeOf, storedPeerMessage, trackingEvent } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { extended, type OpenReferral } from './open-referral.ts';
import { receiptFor, signReceipt } from './receipt.ts';
import { permitted, sealAtRest } from './sections.ts';
import { refusalOf } from './write.ts';

export async function takeMessage(
  context: ExchangeContext,
  arrived: Arrived,
  before: OpenReferral,
  reason: RefusalReason | null,
): Promise<Placed | null> {
  const { entry, peer, jws } = arrived;
  const { envelope } = entry;
  const theirs = otherSide(before.side);
  const now = nowSeconds(context.clock);
  const placed = withParked(before.side, extended(before.thread, theirs, entry), now);
  const refusal = reason && (await refusalOf(context, before, placed, envelope, reason));
  const thread = refusal ? extended(placed, before.side, refusal.entry) : placed;
  const state = fold(thread);
  const judged = state.verdicts[theirs][envelope.seq - 1];
  const counts = judged?.verdict === 'counts';
  const { restored } = arrived;
  // Withdrawals and refusals count unjudged: what they carry was never judged either.
  const isReadable = counts && !isUnvoidable(entry) && !wasDropped(restored);
  const erasure = before.stored.row?.erasure ?? NOTHING_ERASED;
  const kept = isReadable
    ? permitted({ thread, state }, context.organisation, now, arrived.sections).filter(
        ({ section }) => !isErasedFor(erasure, section, envelope.sentAt),
      )
    : [];
  const receipt =
    restored?.jws ??
    (await signReceipt(context, {
      ...receiptFor(context, entry, thread, before),
      // A withdrawal counts behind a fork, too, where nothing else has a verdict.
      verdict: reason !== null ? 'refused' : counts || isWithdrawal(entry) ? 'taken' : 'void',
      ...(reason !== null && { reason }),
      sectionsTaken: kept.map((s) => s.section),
    }));
  const place = { referralId: envelope.referralId, author: 'peer', seq: envelope.seq } as const;
  const named = entry.content?.sections ?? [];
  const sections = await sealAtRest(context, place, erasure, named, kept);
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
  if (isWithdrawal(entry)) context.recall.all(envelope.referralId);
  context.onEvents();
  if (refusal) context.onDelivery(refusal.delivery);
  return { receipt };
}

/** Our own receipt says that it was refused or void, before we were restored. */
function wasDropped(restored: Restored | null): boolean {
  return restored !== null && restored.receipt.verdict !== 'taken';
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
