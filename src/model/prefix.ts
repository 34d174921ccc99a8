// What follows from the first so many messages of one chain. A fold asks this
// for every message, so answers are kept and grown instead of made anew.
import { isWhole, type PlacedGrant, type PlacedWithdrawal } from './consent.ts';
import type { Message } from './message.ts';
import { type Entry, isVoid, type Refusal } from './thread.ts';
import type { Counted, Side } from './track.ts';

/** A judged message; `counted` is null where it counts as nothing. */
export type JudgedEntry = { entry: Entry; counted: Counted | null; reason: string | null };

export type Prefix<Track> = {
  track: Track;
  /** Whether a whole withdrawal is among the messages. */
  withdrawn: boolean;
  grants: () => PlacedGrant[];
  withdrawals: () => PlacedWithdrawal[];
};

type Kept<Track> = {
  track: Track;
  withdrawn: boolean;
  grantsCount: number;
  withdrawalsCount: number;
};

/**
 * Answers about one chain for one reader. `judged` may grow between questions;
 * `refusals` are all that stand against the chain, by number. Asked in the
 * order of a fold, all answers together cost about one walk: a refusal reaches
 * back only to messages that its author had just read.
 */
export function prefixesOf<Track>(
  side: Side,
  judged: readonly JudgedEntry[],
  refusals: readonly Refusal[],
  start: Track,
  advance: (track: Track, counted: Counted) => Track,
): (count: number, refusingCount: number) => Prefix<Track> {
  const grants: PlacedGrant[] = [];
  const withdrawals: PlacedWithdrawal[] = [];
  const first = { track: start, withdrawn: false, grantsCount: 0, withdrawalsCount: 0 };
  const kept: Kept<Track>[] = [first];
  let known = 0;

  const forget = (standing: number): void => {
    const changed = refusals.slice(Math.min(known, standing), Math.max(known, standing));
    kept.length = Math.min(kept.length, ...changed.map((refusal) => refusal.target));
    known = standing;
    const last = kept.at(-1) ?? first;
    grants.length = last.grantsCount;
    withdrawals.length = last.withdrawalsCount;
  };

  const grow = (last: Kept<Track>, { entry, counted }: JudgedEntry): Kept<Track> => {
    if (!counted || isVoid(entry, refusals.slice(0, known))) return last;
    const { message } = counted;
    const { seq, messageId, body } = message;
    let { withdrawn } = last;
    // What counts unjudged takes consent away or nothing; it never brings any.
    if (body.step === 'consentWithdrawn') {
      withdrawals.push({ side, seq, messageId, body: body.consentWithdrawn });
      withdrawn ||= isWhole(body.consentWithdrawn);
    } else if (body.step !== 'refused') {
      grants.push(...placedGrants(side, message));
    }
    const [grantsCount, withdrawalsCount] = [grants.length, withdrawals.length];
    return { track: advance(last.track, counted), withdrawn, grantsCount, withdrawalsCount };
  };

  return (count, refusingCount) => {
    const beyond = refusals.findIndex((refusal) => refusal.seq > refusingCount);
    const standing = beyond === -1 ? refusals.length : beyond;
    if (standing !== known) forget(standing);
    for (let index = kept.length - 1; index < count; index += 1) {
      kept.push(grow(kept[index] as Kept<Track>, judged[index] as JudgedEntry));
    }
    const at = kept[count] as Kept<Track>;
    return {
      track: at.track,
      withdrawn: at.withdrawn,
      grants: () => grants.slice(0, at.grantsCount),
      withdrawals: () => withdrawals.slice(0, at.withdrawalsCount),
    };
  };
}

/** The grants of one message, and where they stand. */
export function placedGrants(side: Side, message: Message): PlacedGrant[] {
  const { seq, seen, from } = message;
  const seenSeq = seen?.seq ?? 0;
  return message.grants.map((grant) => ({ grant, side, seq, seenSeq, author: from }));
}
