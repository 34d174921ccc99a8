// One node's copy of a referral without a node: what it wrote, what it has
// placed of the other's, and the rules by which a message takes its place.
import type { RefusalReason } from '#model/codes.ts';
import { fold, outOfTime, type ReferralState } from '#model/referral.ts';
import { EMPTY_THREAD, type Entry, isUnvoidable, type Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { bodyOf, type Draft, place, sample, write } from './story.ts';

export type Replica = { side: Side; thread: Thread };

export type Outcome = 'known' | 'placed' | 'refused' | 'early' | 'rejected' | 'fork';

export function emptyReplica(side: Side): Replica {
  return { side, thread: EMPTY_THREAD };
}

const folds = new WeakMap<Thread, ReferralState>();

/** A thread is never changed in place, so one fold of it is enough. */
export function foldOnce(thread: Thread): ReferralState {
  const state = folds.get(thread) ?? fold(thread);
  folds.set(thread, state);
  return state;
}

export function stateOf(replica: Replica): ReferralState {
  return foldOnce(replica.thread);
}

/**
 * Its own next message. Nobody checks whether it is legal. A number that it had
 * given before it was restored makes a fork.
 */
export function append(replica: Replica, draft: Draft): { replica: Replica; entry: Entry } {
  const { side, thread } = replica;
  const entry = write(thread, side, draft);
  const { seq } = entry.envelope;
  // In tests the same words make the same bytes, and those are no fork.
  const loose = thread.loose.filter((l) => l.entry.digest !== entry.digest);
  const rival = loose.some((l) => l.side === side && l.entry.envelope.seq === seq);
  const forks = rival ? [...thread.forks, { side, seq }] : thread.forks;
  return { replica: { side, thread: place({ ...thread, loose, forks }, side, entry) }, entry };
}

/** As it reads a message that it does not understand. */
export function garbled(entry: Entry): Entry {
  return { ...entry, content: null };
}

/**
 * Takes one message of the other side, in any order and any number of times.
 * A gap is rejected, to be tried again; a withdrawal counts all the same.
 */
export function take(
  replica: Replica,
  entry: Entry,
  isLate: boolean,
): { replica: Replica; outcome: Outcome } {
  const { thread, side } = replica;
  const theirs = otherSide(side);
  const loose = thread.loose.filter((l) => l.side === theirs);
  const rival = [...thread[theirs], ...loose.map((l) => l.entry)].filter(
    (e) => e.envelope.seq === entry.envelope.seq,
  );
  if (rival.some((e) => e.digest === entry.digest)) {
    const isParked = loose.some((l) => l.entry.digest === entry.digest);
    if (!isParked || rival.length > 1 || !fits(replica, entry))
      return { replica, outcome: 'known' };
    return { replica: placeParked(placeNext(replica, entry)), outcome: 'placed' };
  }
  if (rival.length > 0) {
    const forked: Thread = {
      ...thread,
      loose: [...thread.loose, { side: theirs, entry }],
      forks: [...thread.forks, { side: theirs, seq: entry.envelope.seq }],
    };
    return { replica: { side, thread: forked }, outcome: 'fork' };
  }
  if (!fits(replica, entry)) {
    if (entry.content?.body.step !== 'consentWithdrawn') return { replica, outcome: 'rejected' };
    const early = { ...thread, loose: [...thread.loose, { side: theirs, entry }] };
    return { replica: { side, thread: early }, outcome: 'early' };
  }
  const reason = reasonToRefuse(replica, entry, isLate);
  const placed = placeNext(replica, entry);
  if (reason === null) return { replica: placeParked(placed), outcome: 'placed' };
  return { replica: placeParked(refuse(placed, entry, reason)), outcome: 'refused' };
}

function fits({ thread, side }: Replica, { envelope }: Entry): boolean {
  const theirs = thread[otherSide(side)];
  const { seen } = envelope;
  return (
    envelope.seq === theirs.length + 1 &&
    envelope.previous === (theirs.at(-1)?.digest ?? '') &&
    (!seen || thread[side][seen.seq - 1]?.digest === seen.digest)
  );
}

function reasonToRefuse(
  { thread, side }: Replica,
  entry: Entry,
  isLate: boolean,
): RefusalReason | null {
  if (!entry.content) return 'schema-violation';
  if (isUnvoidable(entry)) return null;
  if (outOfTime(thread, otherSide(side), entry) !== null) return 'time-order';
  return isLate ? 'late' : null;
}

function placeNext({ thread, side }: Replica, entry: Entry): Replica {
  const loose = thread.loose.filter((l) => l.entry.digest !== entry.digest);
  return { side, thread: place({ ...thread, loose }, otherSide(side), entry) };
}

function placeParked(replica: Replica): Replica {
  const theirs = otherSide(replica.side);
  const next = replica.thread.loose.find((l) => l.side === theirs && fits(replica, l.entry));
  return next ? placeParked(placeNext(replica, next.entry)) : replica;
}

/** Reads up to the refused message only, so that this is the first sight of it. */
function refuse(replica: Replica, target: Entry, reason: RefusalReason): Replica {
  const { thread, side } = replica;
  const { seq } = target.envelope;
  const body = bodyOf('refused', { seq, digest: target.digest, reason });
  const draft = sample(thread, side, 'refused', { body, seen: seq });
  return append(replica, draft).replica;
}
