// The way in. One function that reads as the numbered checks of
// proto/README.md, "Receiving". Rejected: nothing stored, may be tried again.
// Refused: the message takes its number, and our chain says so for ever.
import { equalDigests, sha256 } from '#crypto/digest.ts';
import { open, readJweHeader } from '#crypto/jwe.ts';
import { readJwsHeader, readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { nowSeconds } from '#model/clock.ts';
import type { RefusalReason } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { outOfTime } from '#model/referral.ts';
import { Refusal, unauthenticated } from '#model/refusal.ts';
import { type Entry, isUnvoidable } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import type { Arrived, Placed, Placing, Restored } from './arrived.ts';
import { isAhead, isWithdrawal, keepFork, keepWithdrawal, placeEarly } from './aside.ts';
import { type ExchangeContext, hasCompared, MESSAGE_TYP } from './context.ts';
import { type OpenReferral, openReferral } from './open-referral.ts';
import type { StoredMessage } from './ports.ts';
import { checkDigests } from './sections.ts';
import { takeMessage } from './take.ts';

/**
 * Takes one parcel from a live member (check 1: the wire showed its pinned
 * certificate and kept its quota) and answers with our signed receipt.
 * @returns receipt, JWS compact serialization
 * @throws Refusal; nothing was stored, but proof of a fork and early withdrawals
 */
export async function receive(
  context: ExchangeContext,
  placing: Placing,
  peer: Member,
  parcel: string,
  restored: Restored | null = null,
): Promise<string> {
  // 2 Size and headers, before any decryption.
  const { kid } = readJweHeader(parcel, limits.parcelJweBytesMax);

  // 3 Open. A key that is gone is said by name: the sender seals again.
  const openingKey = context.keyring.opening(kid);
  if (!openingKey) throw retired(context);
  const opened = await open(parcel, openingKey, limits.parcelJweBytesMax);

  // 4 Envelope; the peer that called is the author that is named.
  const { message: jws, sections } = context.codec.decodeParcel(opened);
  const header = readJwsHeader(jws, limits.messageJwsBytesMax, MESSAGE_TYP);
  const decoded = context.codec.decodeMessage(readUnverifiedPayload(jws));
  const { envelope } = decoded;
  if (envelope.from !== peer.organisation) throw unauthenticated();

  // 5 These very bytes are known: the stored receipt, the same for ever.
  const digest = sha256(jws);
  const known = await context.store.findMessage(digest);
  if (known?.receipt && known.author === 'peer') {
    if (known.placement === 'parked') await placeEarly(context, known.referralId);
    return known.receipt;
  }

  // 6 Key and signature. A stranger, a strange key and a bad signature look alike.
  const key = peer.messageKeys.get(header.kid);
  if (!key) throw unauthenticated();
  await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);

  // 7 Addressed to us.
  if (envelope.to !== context.organisation) {
    throw new Refusal('AUDIENCE_MISMATCH', 'to: the message is addressed to another organisation.');
  }
  const entry: Entry = { digest, envelope, content: decoded.content };
  // Another message's receipt would excuse this one from every refusal.
  const own = restored?.receipt.messageDigest === digest ? restored : null;
  const arrived = { peer, jws, entry, fault: decoded.fault, sections, restored: own };
  return place(context, placing, arrived);
}

/** Checks 7 to 15, again whenever the referral moved on meanwhile. */
async function place(
  context: ExchangeContext,
  placing: Placing,
  arrived: Arrived,
): Promise<string> {
  const { referralId } = arrived.entry.envelope;
  let isCompared = false;
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    const placed = await context.inTurn(referralId, () =>
      placeOnce(context, placing, arrived, isCompared),
    );
    if (placed === 'compare') {
      // Not in our turn: the partner, asked for its heads, may need one too.
      if (!(await placing.compare(referralId, arrived.peer))) {
        throw new Refusal('SYNC_FIRST', 'Heads are being compared; send the message again.');
      }
      isCompared = true;
    } else if (placed) return placed.receipt;
  }
  throw new Refusal('UNAVAILABLE', 'The referral is busy; send the message again.');
}

/** Null: somebody else was faster. 'compare': heads were not compared since the start. */
async function placeOnce(
  context: ExchangeContext,
  placing: Placing,
  arrived: Arrived,
  isCompared: boolean,
): Promise<Placed | 'compare' | null> {
  const { entry, peer } = arrived;
  const { envelope, content } = entry;
  const { referralId, seq } = envelope;
  const stored = await context.store.load(referralId);
  const partner = stored.row?.partner ?? stored.messages[0]?.partner;
  // 7 … and in a referral of this pair. To anyone else it does not exist.
  if (partner !== undefined && partner !== peer.organisation) {
    throw new Refusal('NOT_FOUND', 'referral_id: no such referral between the two.');
  }
  // 5 once more: the same bytes may have come twice at the same time.
  const twin = stored.messages.find((m) => m.author === 'peer' && m.digest === entry.digest);
  if (twin?.receipt) return { receipt: twin.receipt };
  const referral = openReferral(stored, context.codec);

  // 8 One id and one number have one message. Two are proof of a fork; both are
  // kept. A withdrawal counts here too, and its author shall know.
  if (rivalOf(referral, entry)) {
    if (isWithdrawal(entry)) return keepWithdrawal(context, arrived, referral, 'fork');
    if (!(await keepFork(context, arrived, referral))) return null;
    throw new Refusal('CHAIN_FORK', `seq ${seq}: another message has this number.`);
  }
  const namesake = await context.store.findMessageById(envelope.messageId);
  if (namesake && namesake.digest !== entry.digest) {
    throw new Refusal('CHAIN_FORK', 'message_id: another message has this id.');
  }

  // 9 Its place in the chain. A withdrawal counts before it has one, and before
  // its time: a clock that runs ahead must not hold it up.
  const now = nowSeconds(context.clock);
  const gap = gapOf(referral, entry);
  if (isWithdrawal(entry) && (gap !== null || isAhead(entry, now))) {
    return keepWithdrawal(context, arrived, referral, 'parked');
  }
  if (gap !== null) {
    // A sender goes on only after a receipt, so one of the two has lost something.
    void placing.compare(referralId, peer).catch(() => false);
    throw new Refusal('SYNC_FIRST', gap);
  }

  // 10 A clock that runs ahead of ours: to be tried again.
  if (isAhead(entry, now)) {
    throw new Refusal(
      'CLOCK_OFF',
      'sent_at is more than 5 minutes in the future; check the clock.',
    );
  }
  // 11 Version, body, times: by a refusal that takes the number.
  const reason = refusalReason(referral, arrived, now);
  // To refuse is to write: not before heads were compared since this start.
  const mayWrite = isCompared || (stored.row !== null && hasCompared(context, stored.row));
  if (reason !== null && !mayWrite) return 'compare';

  // 12 Sections are bound to the message by digest.
  const isDropped = content === null || isWithdrawal(entry);
  checkDigests(referralId, content?.sections ?? [], isDropped ? [] : arrived.sections);

  // 13 The verdict by the fold and the sections by the gate, 14 one transaction,
  // 15 the receipt.
  return takeMessage(context, arrived, referral, reason, mayWrite);
}

/** The stored message that has this number in the author's chain, with other bytes. */
function rivalOf({ stored }: OpenReferral, entry: Entry): StoredMessage | undefined {
  const { seq } = entry.envelope;
  return stored.messages.find(
    (m) => m.author === 'peer' && m.seq === seq && !equalDigests(m.digest, entry.digest),
  );
}

/** Why it cannot stand at the end of its author's chain yet; null when it can. */
function gapOf(referral: OpenReferral, entry: Entry): string | null {
  const { seq, previous, seen } = entry.envelope;
  const theirs = referral.thread[otherSide(referral.side)];
  const ours = referral.thread[referral.side];
  if (seq !== theirs.length + 1) return `seq ${seq}: ${theirs.length + 1} comes next here.`;
  if (previous !== (theirs.at(-1)?.digest ?? '')) {
    return `previous: it is not the digest of message ${seq - 1} here.`;
  }
  if (seen && ours[seen.seq - 1]?.digest !== seen.digest) {
    return `seen: message ${seen.seq} of ours is not the one that is named.`;
  }
  return null;
}

function refusalReason(
  referral: OpenReferral,
  { entry, fault, restored }: Arrived,
  now: number,
): RefusalReason | null {
  // We judged it before we were restored; our own chain has what we said then.
  if (restored !== null) return null;
  if (fault !== null) return fault;
  if (isUnvoidable(entry)) return null;
  if (outOfTime(referral.thread, otherSide(referral.side), entry) !== null) return 'time-order';
  return entry.envelope.expiresAt < now ? 'late' : null;
}

function retired(context: ExchangeContext): Refusal {
  const kid = context.keyring.publicJwks('encryption')[0]?.kid ?? '';
  return new Refusal('ENCRYPTION_KEY_RETIRED', `kid: seal to ${kid} instead.`);
}
