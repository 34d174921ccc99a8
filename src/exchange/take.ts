// What a placed message changes here: its verdict by the fold, its sections by
// the gate, our refusal where it earned one, and the receipt, all in one commit.

import { nowSeconds } from '#model/clock.ts';
import type { RefusalReason } from '#model/codes.ts';
import { isErasedFor, NOTHING_ERASED } from '#model/erasure-record.ts';
import type { Known } from '#model/gate.ts';
import type { SectionContent } from '#model/message.ts';
import { type PackageFault, packageFault } from '#model/package-fault.ts';
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
import { packageRefusalOf, refusalOf } from './write.ts';

/** 'compare': we have to answer by a message of our own, and heads were not compared yet. */
export async function takeMessage(
  context: ExchangeContext,
  arrived: Arrived,
  before: OpenReferral,
  reason: RefusalReason | null,
  mayWrite: boolean,
): Promise<Placed | 'compare' | null> {
  const { entry, peer, jws, restored } = arrived;
  const { envelope } = entry;
  const theirs = otherSide(before.side);
  const now = nowSeconds(context.clock);
  const placed = withParked(before.side, extended(before.thread, theirs, entry), now);
  const refusal = reason && (await refusalOf(context, before, placed, envelope, reason));
  const judgedBy = refusal ? extended(placed, before.side, refusal.entry) : placed;
  const judged = fold(judgedBy);
  const counts = judged.verdicts[theirs][envelope.seq - 1]?.verdict === 'counts';
  const came = counts
    ? readable(context, arrived, before, { thread: judgedBy, state: judged })
    : [];
  const fault = counts && restored === null ? faultOf(context, entry, came) : null;
  if (fault !== null && !mayWrite) return 'compare';
  const kept = fault === null ? came : [];
  const answer =
    refusal ?? (fault && (await packageRefusalOf(context, placed, before.side, envelope, fault)));
  const thread = fault && answer ? extended(placed, before.side, answer.entry) : judgedBy;
  const state = thread === judgedBy ? judged : fold(thread);
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
  const erasure = before.stored.row?.erasure ?? NOTHING_ERASED;
  const sections = await sealAtRest(context, place, erasure, named, kept);
  const change = changeOf(context, before, {
    ...identityOf(before, entry, peer.organisation),
    thread,
    state,
    comparedBoot: answer ? context.boot : null,
  });
  const isParked = before.stored.messages.some((m) => m.digest === entry.digest);
  const what = reason !== null ? 'step-refused' : 'step-taken';
  const events = [trackingEvent(context, what, change.row, entry)];
  if (fault && answer) events.push(trackingEvent(context, 'step-sent', change.row, answer.entry));
  const done = await context.store.commit(envelope.referralId, {
    ...change,
    insert: [
      ...(isParked
        ? []
        : [storedPeerMessage(context, peer.organisation, entry, jws, 'placed', receipt)]),
      ...(answer ? [answer.stored] : []),
    ],
    place: [
      ...(isParked ? [{ ...place, digest: entry.digest, receipt }] : []),
      ...placedParked(before, placed),
    ],
    sections,
    deliveries: answer ? [answer.delivery] : [],
    events,
  });
  if (!done) return null;
  if (isWithdrawal(entry)) context.recall.all(envelope.referralId);
  context.onEvents();
  if (answer) context.onDelivery(answer.delivery);
  return { receipt };
}

/** What may be held here of what came with a message that counts. */
function readable(
  context: ExchangeContext,
  { entry, restored, sections }: Arrived,
  before: OpenReferral,
  known: Known,
): SectionContent[] {
  // Withdrawals and refusals count unjudged: what they carry was never judged either.
  if (isUnvoidable(entry) || wasDropped(restored)) return [];
  const erasure = before.stored.row?.erasure ?? NOTHING_ERASED;
  return permitted(known, context.organisation, nowSeconds(context.clock), sections).filter(
    ({ section }) => !isErasedFor(erasure, section, entry.envelope.sentAt),
  );
}

function faultOf(
  { organisation }: ExchangeContext,
  { content }: Entry,
  came: readonly SectionContent[],
): PackageFault | null {
  return content?.body.step === 'packageReleased' ? packageFault(organisation, came) : null;
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
