// The two chains of a referral as the fold reads them, and the questions that
// their links answer by themselves: what was seen, what a refusal voids.
import type { Content, Envelope, Message, StepBody } from './message.ts';
import type { Side } from './track.ts';

export type Entry = {
  /** SHA-256 of the JWS, base64url. */
  digest: string;
  envelope: Envelope;
  /** Null where the body is not understood. */
  content: Content | null;
};

export type Thread = {
  /** Placed messages, 1, 2, 3 … without a gap. */
  referring: readonly Entry[];
  receiving: readonly Entry[];
  /** Withdrawals that have no place yet. */
  loose: readonly { side: Side; entry: Entry }[];
  /** Lowest numbers that a side used twice; what precedes them is kept. */
  forks: readonly { side: Side; seq: number }[];
};

export const EMPTY_THREAD: Thread = { referring: [], receiving: [], loose: [], forks: [] };

export function messageOf(entry: Entry): Message | null {
  return entry.content && { ...entry.envelope, ...entry.content };
}

export function seenOf(entry: Entry): number {
  return entry.envelope.seen?.seq ?? 0;
}

/** Withdrawals and refusals are never voided: they count by being there. */
export function isUnvoidable(entry: Entry): boolean {
  const step = entry.content?.body.step;
  return step === 'consentWithdrawn' || step === 'refused';
}

/** Without a fork's number, what follows it, and what had read either. */
export function precedingForks(thread: Thread): Thread {
  let referringMax = lengthBeforeFork(thread, 'referring');
  let receivingMax = lengthBeforeFork(thread, 'receiving');
  for (;;) {
    const referring = longestPrefix(thread.referring, referringMax, receivingMax);
    const receiving = longestPrefix(thread.receiving, receivingMax, referring);
    if (referring === referringMax && receiving === receivingMax) break;
    referringMax = referring;
    receivingMax = receiving;
  }
  return {
    ...thread,
    referring: thread.referring.slice(0, referringMax),
    receiving: thread.receiving.slice(0, receivingMax),
  };
}

function lengthBeforeFork(thread: Thread, side: Side): number {
  const forked = thread.forks.filter((fork) => fork.side === side).map((fork) => fork.seq - 1);
  return Math.min(thread[side].length, ...forked);
}

function longestPrefix(entries: readonly Entry[], max: number, otherMax: number): number {
  const firstBeyond = entries.slice(0, max).findIndex((entry) => seenOf(entry) > otherMax);
  return firstBeyond === -1 ? max : firstBeyond;
}

export type Refusal = { seq: number; target: number };

/**
 * The refusals among `refusing` that stand: each names, by digest, a message
 * that its author read for the first time there, and that can be refused.
 */
export function standingRefusals(refusing: readonly Entry[], refused: readonly Entry[]): Refusal[] {
  const found: Refusal[] = [];
  // The most it had ever read: a `seen` that goes back unreads nothing.
  let seenBefore = 0;
  for (const entry of refusing) {
    const seenNow = seenOf(entry);
    const body = entry.content?.body;
    if (body?.step === 'refused') {
      const target = refused[body.refused.seq - 1];
      if (target && stands(body.refused, target, seenBefore, seenNow)) {
        found.push({ seq: entry.envelope.seq, target: body.refused.seq });
      }
    }
    seenBefore = Math.max(seenBefore, seenNow);
  }
  return found;
}

function stands(
  body: StepBody<'refused'>,
  target: Entry,
  seenBefore: number,
  seenNow: number,
): boolean {
  const firstSight = body.seq > seenBefore && body.seq <= seenNow;
  return firstSight && target.digest === body.digest && !isUnvoidable(target);
}

/** Whether one of these refusals voids the entry: it, or what follows unread. */
export function isVoid(entry: Entry, refusals: readonly Refusal[]): boolean {
  if (isUnvoidable(entry)) return false;
  return refusals.some((r) => r.target <= entry.envelope.seq && seenOf(entry) < r.seq);
}
