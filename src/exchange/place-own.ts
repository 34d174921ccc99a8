// Our own messages, as the partner gives them back after we were restored from an
// old copy: placed, kept beside the chain, or kept as proof that it forked.
import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, verifyJws } from '#crypto/jws.ts';
import { limits } from '#model/limits.ts';
import { Refusal, unauthenticated } from '#model/refusal.ts';
import type { Entry } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import { commitAside, isWithdrawal } from './aside.ts';
import { changeOf, trackingEvent } from './change.ts';
import { type ExchangeContext, MESSAGE_TYP } from './context.ts';
import { entryOf, extended, threadOf } from './open-referral.ts';
import { loadOpen } from './parcel.ts';
import type { StoredMessage } from './ports.ts';

/** One of our own lost messages. False when it does not fit yet, or not at all. */
export async function placeOwn(
  context: ExchangeContext,
  member: Member,
  jws: string | undefined,
): Promise<boolean> {
  if (jws === undefined) return false;
  const entry = await verifyOwn(context, member, jws);
  return context.inTurn(entry.envelope.referralId, () => placeOwnOnce(context, member, jws, entry));
}

/** @throws Refusal UNAUTHENTICATED, MALFORMED */
async function verifyOwn(context: ExchangeContext, member: Member, jws: string): Promise<Entry> {
  const { kid } = readJwsHeader(jws, limits.messageJwsBytesMax, MESSAGE_TYP);
  const key = (await context.ownMessageKeys()).get(kid);
  if (!key) throw unauthenticated();
  await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);
  const entry = entryOf({ jws, digest: sha256(jws) }, context.codec);
  const { envelope } = entry;
  if (envelope.from !== context.organisation || envelope.to !== member.organisation) {
    throw new Refusal('MALFORMED', 'yours: it is not a message between the two.');
  }
  return entry;
}

async function placeOwnOnce(
  context: ExchangeContext,
  member: Member,
  jws: string,
  entry: Entry,
): Promise<boolean> {
  const { envelope, content } = entry;
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
  const stored = ownMessage(context, member, envelope, jws, entry.digest, placement);
  const thread = rival
    ? threadOf([...before.stored.messages, stored], side, context.codec)
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
  const what = rival ? 'interrupted' : 'step-sent';
  const done = await context.store.commit(envelope.referralId, {
    ...change,
    insert: [stored],
    events: [trackingEvent(context, what, change.row, entry)],
  });
  if (done) context.onEvents();
  return done;
}

/**
 * Withdrawals that had overtaken a message which now nobody has: they stay beside
 * the chain, and are taken out of `lost`. Their numbers may be written again.
 */
export async function keepLost(
  context: ExchangeContext,
  member: Member,
  lost: string[],
): Promise<void> {
  for (const jws of lost.slice()) {
    const entry = await verifyOwn(context, member, jws).catch(() => null);
    if (!entry || !isWithdrawal(entry)) continue;
    const { referralId } = entry.envelope;
    const isKept = await context.inTurn(referralId, async () => {
      const before = await loadOpen(context, referralId);
      if (!before.stored.row) return false;
      const stored = ownMessage(context, member, entry.envelope, jws, entry.digest, 'fork');
      return commitAside(context, before, stored, entry);
    });
    if (isKept) lost.splice(lost.indexOf(jws), 1);
  }
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
