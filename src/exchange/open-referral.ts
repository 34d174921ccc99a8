// A stored referral as the fold reads it.
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { fold, type ReferralState } from '#model/referral.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import type { Author, Codec, Referral, StoredMessage } from './ports.ts';

export type OpenReferral = {
  stored: Referral;
  side: Side;
  thread: Thread;
  /** Folded when it is first asked for: not every path needs it. */
  readonly state: ReferralState;
};

/** Signatures were verified before these messages were stored. */
export function openReferral(stored: Referral, codec: Codec): OpenReferral {
  const side = stored.row?.side ?? sideOfUnknown(stored.messages);
  const thread = threadOf(stored.messages, side, codec);
  let folded: ReferralState | undefined;
  return {
    stored,
    side,
    thread,
    get state() {
      folded ??= fold(thread);
      return folded;
    },
  };
}

/** Before the request is known: whoever wrote to us first refers to us. */
function sideOfUnknown(messages: readonly StoredMessage[]): Side {
  return messages.some((m) => m.author === 'own' && m.seq === 1) ? 'referring' : 'receiving';
}

export function entryOf(message: Pick<StoredMessage, 'jws' | 'digest'>, codec: Codec): Entry {
  const { envelope, content } = codec.decodeMessage(readUnverifiedPayload(message.jws));
  return { digest: message.digest, envelope, content };
}

export function sideOf(author: Author, own: Side): Side {
  return author === 'own' ? own : otherSide(own);
}

export function placedOf(messages: readonly StoredMessage[], author: Author): StoredMessage[] {
  return messages
    .filter((m) => m.author === author && m.placement === 'placed')
    .toSorted((a, b) => a.seq - b.seq);
}

export function threadOf(messages: readonly StoredMessage[], side: Side, codec: Codec): Thread {
  const chain = (author: Author) => placedOf(messages, author).map((m) => entryOf(m, codec));
  const [own, peer] = [chain('own'), chain('peer')];
  return {
    referring: side === 'referring' ? own : peer,
    receiving: side === 'referring' ? peer : own,
    loose: messages
      .filter((m) => m.placement !== 'placed')
      .map((m) => ({ side: sideOf(m.author, side), entry: entryOf(m, codec) })),
    forks: forksOf(messages).map((m) => ({ side: sideOf(m.author, side), seq: m.seq })),
  };
}

/** Messages whose number another one of their author has, however each is kept. */
export function forksOf<M extends { author: string; seq: number }>(messages: readonly M[]): M[] {
  const first = new Map<string, M>();
  return messages.filter((message) => {
    const number = `${message.author} ${message.seq}`;
    const isSecond = first.has(number);
    if (!isSecond) first.set(number, message);
    return isSecond;
  });
}

/** The thread with one more placed message. */
export function extended(thread: Thread, side: Side, entry: Entry): Thread {
  return {
    ...thread,
    [side]: [...thread[side], entry],
    loose: thread.loose.filter((l) => l.entry.digest !== entry.digest),
  };
}
