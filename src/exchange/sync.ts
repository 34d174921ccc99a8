// Comparing heads: what either side has lost is asked for and healed. The
// answering end, and what it gives.
import { limits } from '#model/limits.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import { headOf } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { type OpenReferral, openReferral, placedOf } from './open-referral.ts';
import { sealMessage } from './parcel.ts';
import type { Heads, ReferralSync, StoredMessage } from './ports.ts';

/** Answers a live member about referrals between the two; to others they do not exist. */
export async function answerSync(
  context: ExchangeContext,
  peer: Member,
  heads: readonly Heads[],
): Promise<ReferralSync[]> {
  const answers: ReferralSync[] = [];
  for (const asked of heads.slice(0, limits.syncReferralsMax)) {
    const stored = await context.store.load(asked.referralId);
    const partner = stored.row?.partner ?? stored.messages[0]?.partner;
    answers.push(
      partner === peer.organisation
        ? await answerOne(context, peer, asked, openReferral(stored, context.codec))
        : unknownReferral(asked.referralId),
    );
  }
  return answers;
}

async function answerOne(
  context: ExchangeContext,
  peer: Member,
  asked: Heads,
  referral: OpenReferral,
): Promise<ReferralSync> {
  const { messages } = referral.stored;
  const theirs = placedOf(messages, 'peer');
  const ours = placedOf(messages, 'own');
  const lost = [...after(theirs, asked.own), ...forksOf(messages, 'peer', asked)];
  const unread = after(ours, asked.read);
  const yours = lost.slice(0, limits.syncMessagesMax);
  const mine = unread.slice(0, limits.syncParcelsMax);
  const parcels: ReferralSync['mine'] = [];
  for (const message of mine) {
    const parcel = await sealMessage(context, peer, referral, message);
    parcels.push({ parcel, receipt: message.receipt });
  }
  const wanted = new Set(asked.receiptsWanted.slice(0, limits.syncMessagesMax));
  for (const message of yours) wanted.add(message.digest);
  return {
    referralId: asked.referralId,
    known: true,
    head: headOf(referral.thread[referral.side]),
    read: headOf(referral.thread[otherSide(referral.side)]),
    yours: yours.map((m) => m.jws),
    mine: parcels,
    receipts: messages.flatMap((m) =>
      m.author === 'peer' && m.receipt !== null && wanted.has(m.digest) ? [m.receipt] : [],
    ),
    more: yours.length < lost.length || mine.length < unread.length,
  };
}

/** Messages beyond a head; from the head's number on where the digest differs. */
function after(chain: readonly StoredMessage[], head: Heads['own']): StoredMessage[] {
  if (!head) return [...chain];
  const differs = chain.some((m) => m.seq === head.seq && m.digest !== head.digest);
  return chain.filter((m) => m.seq > head.seq || (differs && m.seq === head.seq));
}

/** Second messages with a number: the other end must see the proof too. */
function forksOf(
  messages: readonly StoredMessage[],
  author: 'peer',
  asked: Heads,
): StoredMessage[] {
  return messages.filter(
    (m) => m.author === author && m.placement === 'fork' && m.digest !== asked.own?.digest,
  );
}

function unknownReferral(referralId: string): ReferralSync {
  const nothing = { yours: [], mine: [], receipts: [], more: false };
  return { referralId, known: false, head: null, read: null, ...nothing };
}
