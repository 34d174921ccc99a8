// Comparing heads: what either side has lost is asked for and healed. The
// answering end, and what it gives.
import { limits } from '#model/limits.ts';
import { otherSide } from '#model/track.ts';
import type { Member } from '#trust/member.ts';
import { headOf } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { openReferral, placedOf } from './open-referral.ts';
import { sealMessage } from './parcel.ts';
import type { Heads, HeadsPage, ReferralSync, StoredMessage } from './ports.ts';

/** Answers a live member about referrals between the two; to others they do not exist. */
export async function answerSync(
  context: ExchangeContext,
  peer: Member,
  heads: readonly Heads[],
): Promise<ReferralSync[]> {
  using watches = new DisposableStack();
  const answers: (() => ReferralSync)[] = [];
  let parcels = 0; // of all referrals together: sealing is the work in it
  for (const asked of heads.slice(0, limits.syncReferralsMax)) {
    const { signal } = watches.use(context.recall.watch(asked.referralId));
    const answer = await answerOne(context, peer, asked, limits.syncParcelsMax - parcels);
    parcels += answer.mine.length;
    // What was sealed before a person withdrew does not leave; it is asked for again.
    answers.push(() => (signal.aborted ? { ...answer, mine: [], more: true } : answer));
  }
  return answers.map((answer) => answer());
}

async function answerOne(
  context: ExchangeContext,
  peer: Member,
  asked: Heads,
  parcelsMax: number,
): Promise<ReferralSync> {
  const stored = await context.store.load(asked.referralId);
  const { messages } = stored;
  const partner = stored.row?.partner ?? messages[0]?.partner;
  if (partner !== peer.organisation) return unknownReferral(asked.referralId);
  const referral = openReferral(stored, context.codec);
  const theirs = placedOf(messages, 'peer');
  const ours = placedOf(messages, 'own');
  const lost = [...after(theirs, asked.own), ...asideOf(messages, asked)];
  const unread = after(ours, asked.read);
  const yours = lost.slice(0, limits.syncMessagesMax);
  const mine: ReferralSync['mine'] = [];
  for (const message of unread.slice(0, parcelsMax)) {
    const parcel = await sealMessage(context, peer, referral, message);
    mine.push({ parcel, receipt: message.receipt });
  }
  const wanted = new Set(asked.receiptsWanted.slice(0, limits.syncMessagesMax));
  for (const message of yours) wanted.add(message.digest);
  return {
    referralId: asked.referralId,
    known: true,
    head: headOf(referral.thread[referral.side]),
    read: headOf(referral.thread[otherSide(referral.side)]),
    yours: yours.map((m) => m.jws),
    mine,
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

/** Proof of a fork, and withdrawals without a place: their author may have lost them. */
function asideOf(messages: readonly StoredMessage[], asked: Heads): StoredMessage[] {
  return messages.filter(
    (m) => m.author === 'peer' && m.placement !== 'placed' && m.digest !== asked.own?.digest,
  );
}

/** Every referral between the two, so that a caller learns of those that it has lost. */
export async function answerHeads(
  context: ExchangeContext,
  peer: Member,
  afterId: string,
): Promise<HeadsPage> {
  const { headsPageMax } = limits;
  const found = await context.store.listHeads(peer.organisation, afterId, headsPageMax + 1);
  return {
    referrals: found.slice(0, headsPageMax).map(({ referralId, ownHead, peerHead, beside }) => {
      return { referralId, head: ownHead, read: peerHead, beside };
    }),
    more: found.length > headsPageMax,
  };
}

function unknownReferral(referralId: string): ReferralSync {
  const nothing = { yours: [], mine: [], receipts: [], more: false };
  return { referralId, known: false, head: null, read: null, ...nothing };
}
