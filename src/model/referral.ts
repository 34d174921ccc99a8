// The fold: the state of a referral as a pure function of its two chains and
// of nothing else. No clock, no receipt, no order of arrival.

import { isPersonal } from './codes.ts';
import { isWhole, mayTravel, type PlacedGrant, type PlacedWithdrawal } from './consent.ts';
import type { Status } from './crossing.ts';
import { cross } from './crossing.ts';
import { cutOff, isOnTheWay, looseWithdrawals } from './cut-off.ts';
import { limits } from './limits.ts';
import type { Message } from './message.ts';
import { type JudgedEntry, placedGrants, prefixesOf } from './prefix.ts';
import { illegal, openQuestions, stagesOf, type View } from './steps.ts';
import {
  type Entry,
  isVoid,
  messageOf,
  precedingForks,
  type Refusal,
  seenOf,
  standingRefusals,
  type Thread,
} from './thread.ts';
import {
  advanceReceiving,
  advanceReferring,
  otherSide,
  type ReceivingTrack,
  type ReferringTrack,
  type Side,
  START,
  type Tracks,
} from './track.ts';

/** Why a message counts or does not. `reason` is for its author's screen. */
export type Verdict = {
  verdict: 'counts' | 'illegal' | 'void' | 'unread';
  reason: string | null;
};

export type ReferralState = Tracks & {
  status: Status;
  travellingWithoutReceiver: boolean;
  openQuestions: number[];
  grants: PlacedGrant[];
  withdrawals: PlacedWithdrawal[];
  verdicts: Record<Side, Verdict[]>;
};

/** Folds a thread. Cost: one walk, and a little for each refusal. */
export function fold(thread: Thread): ReferralState {
  const kept = precedingForks(thread);
  const folding = foldingOf(kept);
  const { judged, refusals } = folding;
  for (const side of inCausalOrder(kept)) {
    const entry = kept[side][judged[side].length] as Entry;
    judged[side].push(judge(folding, side, entry));
    folding.latest[side] = latestAfter(folding.latest[side], entry);
  }
  const all = viewOf(folding, 'referring', kept.referring.length, kept.receiving.length);
  const withdrawals = [...all.withdrawals(), ...looseWithdrawals(thread, kept)];
  const withdrawn = withdrawals.some((w) => isWhole(w.body));
  const crossed = crossedOf(all.tracks, withdrawn, thread.forks.length > 0);
  return {
    ...all.tracks,
    ...crossed,
    ...(thread.forks.length > 0 && {
      travellingWithoutReceiver: isOnTheWay(all.tracks, cutOff(thread, kept)),
    }),
    openQuestions: openQuestions(all.tracks),
    grants: all.grants(),
    withdrawals,
    verdicts: {
      referring: verdictsOf(judged.referring, refusals.referring),
      receiving: verdictsOf(judged.receiving, refusals.receiving),
    },
  };
}

/** What one side knows once it has read all of the thread. */
export function viewFor(side: Side, state: ReferralState): View {
  const { referring, receiving, status } = state;
  // Behind a fork nothing counts any more, an arrival neither: the alarm stays.
  const travellingWithoutReceiver = state.travellingWithoutReceiver && status !== 'interrupted';
  return { side, referring, receiving, status, travellingWithoutReceiver };
}

/** A fold under way: the messages judged so far, and what follows from them. */
type Folding = {
  thread: Thread;
  judged: Record<Side, JudgedEntry[]>;
  /** Against each chain. */
  refusals: Record<Side, Refusal[]>;
  latest: Record<Side, Latest>;
  /** For each reader, who asks in the order of its own messages. */
  prefixes: Record<Side, Prefixes>;
};

type Prefixes = {
  referring: ReturnType<typeof prefixesOf<ReferringTrack>>;
  receiving: ReturnType<typeof prefixesOf<ReceivingTrack>>;
};

function foldingOf(thread: Thread): Folding {
  const judged: Folding['judged'] = { referring: [], receiving: [] };
  const refusals = {
    referring: standingRefusals(thread.receiving, thread.referring),
    receiving: standingRefusals(thread.referring, thread.receiving),
  };
  const forReader = (): Prefixes => ({
    referring: prefixesOf(
      'referring',
      judged.referring,
      refusals.referring,
      START.referring,
      advanceReferring,
    ),
    receiving: prefixesOf(
      'receiving',
      judged.receiving,
      refusals.receiving,
      START.receiving,
      advanceReceiving,
    ),
  });
  const prefixes = { referring: forReader(), receiving: forReader() };
  const latest = { referring: NOTHING_YET, receiving: NOTHING_YET };
  return { thread, judged, refusals, latest, prefixes };
}

/** Sides in an order in which each message comes after all that it had seen. */
function* inCausalOrder(thread: Thread): Generator<Side> {
  const done = { referring: 0, receiving: 0 };
  const isNext = (side: Side): boolean => {
    const entry = thread[side][done[side]];
    return entry !== undefined && seenOf(entry) <= done[otherSide(side)];
  };
  for (;;) {
    const side = isNext('referring') ? 'referring' : isNext('receiving') ? 'receiving' : null;
    if (side === null) break;
    done[side] += 1;
    yield side;
  }
  // Digests make a circle of `seen` impossible; placing refuses what is beyond.
  if (done.referring + done.receiving !== thread.referring.length + thread.receiving.length) {
    throw new Error('a chain has seen what is not there');
  }
}

function judge(folding: Folding, side: Side, entry: Entry): JudgedEntry {
  const message = messageOf(entry);
  if (!message) return { entry, counted: null, reason: null };
  const ownCount = folding.judged[side].length;
  const seen = seenOf(entry);
  const counts = side === 'referring' ? ([ownCount, seen] as const) : ([seen, ownCount] as const);
  const known = viewOf(folding, side, ...counts);
  const { status, travellingWithoutReceiver } = crossedOf(known.tracks, known.withdrawn, false);
  const view: View = { ...known.tracks, side, status, travellingWithoutReceiver };
  const counted = { message, departure: known.tracks.referring.departures };
  const { step } = message.body;
  if (step === 'consentWithdrawn') return { entry, counted, reason: null };
  if (step === 'refused') return { entry, counted, reason: null };
  const reason =
    outOfTime(folding.thread, side, entry, folding.latest[side]) ??
    illegal(message, view) ??
    notGranted(message, view, known);
  return { entry, counted: reason === null ? counted : null, reason };
}

/** The most that an author had said so far, of all its messages: an illegal step back opens no way back. */
type Latest = { seen: number; sentAt: number };

function latestAfter({ seen, sentAt }: Latest, entry: Entry): Latest {
  return {
    seen: Math.max(seen, seenOf(entry)),
    sentAt: Math.max(sentAt, entry.envelope.sentAt),
  };
}

const NOTHING_YET: Latest = { seen: 0, sentAt: 0 };

/** Times go by the author's own word, and never back. */
export function outOfTime(
  thread: Thread,
  side: Side,
  entry: Entry,
  before = thread[side].slice(0, entry.envelope.seq - 1).reduce(latestAfter, NOTHING_YET),
): string | null {
  const { sentAt, expiresAt } = entry.envelope;
  if (before.seen > seenOf(entry)) return 'seen goes back';
  if (before.sentAt > sentAt) return 'sentAt is before the last message';
  const seen = thread[otherSide(side)][seenOf(entry) - 1];
  if (seen && seen.envelope.sentAt - limits.clockSkewSecondsMax > sentAt) {
    return 'sentAt is before what it has seen';
  }
  const life = expiresAt - sentAt;
  return life > 0 && life <= limits.messageLifeSecondsMax ? null : 'expiresAt is out of bounds';
}

function notGranted(message: Message, view: View, known: Known): string | null {
  const { body, sections, to, sentAt, from } = message;
  const strangers = message.grants.find((g) => g.recipient !== to && g.recipient !== from);
  if (strangers) return 'a grant names an organisation outside this referral';
  if (!sections.some(({ section }) => isPersonal(section))) return null;
  const question = { recipient: to, stages: stagesOf(body.step, view), atSeconds: sentAt };
  const grants = [...known.grants(), ...placedGrants(view.side, message)];
  const withdrawals = known.withdrawals();
  for (const { section } of sections) {
    const answer = mayTravel({ ...question, section }, grants, withdrawals);
    if (answer !== 'granted') return `section ${section}: ${answer}`;
  }
  return null;
}

type Known = {
  tracks: Tracks;
  withdrawn: boolean;
  grants: () => PlacedGrant[];
  withdrawals: () => PlacedWithdrawal[];
};

/** All that follows from so many messages of each chain. */
function viewOf(
  { prefixes }: Folding,
  reader: Side,
  referringCount: number,
  receivingCount: number,
): Known {
  const referring = prefixes[reader].referring(referringCount, receivingCount);
  const receiving = prefixes[reader].receiving(receivingCount, referringCount);
  return {
    tracks: { referring: referring.track, receiving: receiving.track },
    withdrawn: referring.withdrawn || receiving.withdrawn,
    grants: () => [...referring.grants(), ...receiving.grants()],
    withdrawals: () => [...referring.withdrawals(), ...receiving.withdrawals()],
  };
}

function crossedOf(
  tracks: Tracks,
  withdrawn: boolean,
  interrupted: boolean,
): { status: Status; travellingWithoutReceiver: boolean } {
  const { referring, receiving } = tracks;
  const repeat = receiving.packageRefusedSeq >= referring.packageSeq;
  const phase = referring.phase === 'released' && repeat ? 'requested' : referring.phase;
  const reported = [referring.notArrivedDeparture, receiving.notArrivedDeparture];
  return cross({
    referring: { phase, closing: referring.closing },
    receiving,
    arrivalPlanned: referring.arrivalPlanned && receiving.arrivalPlanned,
    notArrived: referring.departures > 0 && reported.includes(referring.departures),
    withdrawn,
    interrupted,
  });
}

function verdictsOf(judged: readonly JudgedEntry[], voids: readonly Refusal[]): Verdict[] {
  return judged.map(({ entry, counted, reason }) => {
    if (isVoid(entry, voids)) return { verdict: 'void', reason: null };
    if (!entry.content) return { verdict: 'unread', reason: null };
    return { verdict: counted ? 'counts' : 'illegal', reason };
  });
}
