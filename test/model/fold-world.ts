// Two nodes and the network between them, small enough to try everything that
// can happen: loss, resend, reordering, refusals, a node restored from a copy.
import type { StepName } from '#model/message.ts';
import { viewFor } from '#model/referral.ts';
import { nextSteps } from '#model/steps.ts';
import { EMPTY_THREAD, type Entry, seenOf, type Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { append, emptyReplica, foldOnce, garbled, type Replica, take } from './replica.ts';
import { bodyOf, type Draft, grantOf, place, sample } from './story.ts';

export const SIDES = ['referring', 'receiving'] as const;

/** How often each mishap may still happen. */
export type Budget = { illegal: number; refusal: number; restore: number };

export type World = Record<Side, Replica> & {
  /** Messages that their restored author has lost and that are still on the way. */
  ghosts: readonly { side: Side; entry: Entry }[];
  /** Messages that reach their reader in a form that it does not understand. */
  broken: readonly string[];
  /** How much of the other's chain a restored node must read again before it writes. */
  owed: Readonly<Record<Side, number>>;
  budget: Budget;
};

export type Move = { name: string; world: World };

export function worldOf(thread: Thread, budget: Budget): World {
  return {
    referring: { ...emptyReplica('referring'), thread },
    receiving: { ...emptyReplica('receiving'), thread },
    ghosts: [],
    broken: [],
    owed: { referring: 0, receiving: 0 },
    budget,
  };
}

/** Steps that move the referral; the rest would only multiply the states. */
const MOVING: ReadonlySet<StepName> = new Set<StepName>([
  'referralRequest',
  'receiptConfirmed',
  'accepted',
  'declined',
  'packageReleased',
  'packageReceived',
  'packageRefused',
  'arrivalPlanned',
  'departed',
  'arrived',
  'notArrived',
  'caseManagementTaken',
  'caseManagementHanded',
  'cancellationRequested',
  'cancellationConfirmed',
  'completed',
  'failed',
  'expired',
  'consentWithdrawn',
]);

export function* movesOf(world: World): Generator<Move> {
  for (const side of SIDES) {
    yield* actsOf(world, side);
    yield* arrivalsOf(world, side);
    if (world.budget.restore > 0) yield restored(world, side);
  }
}

function* actsOf(world: World, side: Side): Generator<Move> {
  const { thread } = world[side];
  const other = thread[otherSide(side)].length;
  const withdrawsOnly = other < world.owed[side];
  const steps = nextSteps(viewFor(side, foldOnce(thread))).filter((step) => MOVING.has(step));
  for (const step of steps) {
    if (step === 'consentWithdrawn') {
      if (thread[side].some((e) => e.content?.body.step === 'consentWithdrawn')) continue;
      yield acted(world, side, step);
      yield acted(world, side, step, { body: PARTLY }, 'partly');
      if (isAway(world, side)) yield acted(world, side, step, { body: STILL_MET }, 'still met');
    } else if (!withdrawsOnly) {
      const move = acted(world, side, step);
      const verdicts = foldOnce(move.world[side].thread).verdicts[side];
      const isCut = move.world[side].thread.forks.length > 0;
      if (isCut || verdicts.at(-1)?.verdict === 'counts') yield move;
    }
  }
  if (!withdrawsOnly && isToBeGivenBack(world, side)) {
    const move = acted(world, side, 'sectionCorrected', GIVEN_BACK, 'given back by');
    const { verdicts } = foldOnce(move.world[side].thread);
    if (verdicts[side].at(-1)?.verdict === 'counts') yield move;
  }
  if (world.budget.illegal > 0 && !withdrawsOnly) {
    const budget = { ...world.budget, illegal: world.budget.illegal - 1 };
    const step = side === 'referring' ? 'departed' : 'completed';
    if (!steps.includes(step)) yield acted({ ...world, budget }, side, step, {}, 'illegal');
    if (other > 0) {
      yield acted(
        { ...world, budget },
        side,
        'failed',
        { seen: 0, sections: ['reason'] },
        'unseen',
      );
    }
  }
}

const PARTLY = bodyOf('consentWithdrawn', {
  whole: false,
  sections: ['identity'],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'not-asked',
});

const STILL_MET = bodyOf('consentWithdrawn', {
  whole: true,
  sections: [],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'yes',
});

function isAway(world: World, side: Side): boolean {
  return foldOnce(world[side].thread).referring.phase === 'departed';
}

/** A fresh yes to what a withdrawal closed, in a message that had seen it. */
const GIVEN_BACK: Partial<Draft> = {
  body: bodyOf('sectionCorrected', { corrects: 'identity' }),
  sections: ['identity'],
  grants: [grantOf('receiving', 'package', ['identity'])],
};

/** Once: more would only multiply the states. */
function isToBeGivenBack(world: World, side: Side): boolean {
  const { thread } = world[side];
  const isGiven = thread[side].some((e) => e.content?.body.step === 'sectionCorrected');
  return side === 'referring' && !isGiven && foldOnce(thread).withdrawals.length > 0;
}

function acted(
  world: World,
  side: Side,
  step: StepName,
  change: Partial<Draft> = {},
  how = '',
): Move {
  const { replica } = append(world[side], sample(world[side].thread, side, step, change));
  return { name: `${side} ${how} ${step}`, world: { ...world, [side]: replica } };
}

/** Every message of that side's which can make a difference on arriving now. */
function* arrivalsOf(world: World, from: Side): Generator<Move> {
  const ghosts = world.ghosts.filter((g) => g.side === from).map((g) => g.entry);
  for (const entry of [...world[from].thread[from], ...ghosts]) {
    const isReread = entry.envelope.seq <= world.owed[otherSide(from)];
    for (const how of ['in time', 'late', 'broken'] as const) {
      const mishap = how === 'in time' ? 0 : 1;
      if (mishap > world.budget.refusal) continue;
      // A program does not forget how to read what it once read.
      if (how === 'broken' && isReread) continue;
      const step = entry.content?.body.step;
      if (how === 'broken' && (step === 'consentWithdrawn' || step === 'refused')) continue;
      const after = arrived(world, from, entry, how);
      if (!after) continue;
      const budget = { ...world.budget, refusal: world.budget.refusal - mishap };
      const name = `${from} ${entry.envelope.seq} arrives ${how}`;
      yield { name, world: { ...after, budget } };
    }
  }
}

/** Null where nothing changes: known already, or to be tried again later. */
function arrived(
  world: World,
  from: Side,
  entry: Entry,
  how: 'in time' | 'late' | 'broken',
): World | null {
  const to = otherSide(from);
  const broken = how === 'broken' ? [...world.broken, entry.digest] : world.broken;
  const read = broken.includes(entry.digest) ? garbled(entry) : entry;
  const { replica, outcome } = take(world[to], read, how === 'late');
  if (outcome === 'known' || outcome === 'rejected') return null;
  if (how !== 'in time' && outcome !== 'refused') return null;
  return { ...world, broken, [to]: replica };
}

/**
 * From a copy so old that all is lost but what the partner gives back: our own
 * messages that it has, and what they had read. The rest is read again.
 */
function restored(world: World, side: Side): Move {
  const other = otherSide(side);
  const before = world[side].thread;
  const partner = world[other].thread;
  const own = partner[side].map((e) => before[side].find((o) => o.digest === e.digest) ?? e);
  const loose = partner.loose.filter((l) => l.side === side);
  const forks = partner.forks.filter((f) => f.side === side);
  const read = Math.max(0, ...own.map(seenOf));
  const thread: Thread = {
    ...EMPTY_THREAD,
    [side]: own,
    [other]: before[other].slice(0, read),
    loose,
    forks,
  };
  const kept = new Set([...own, ...loose.map((l) => l.entry)].map((e) => e.digest));
  const lost = before[side].filter((e) => !kept.has(e.digest)).map((entry) => ({ side, entry }));
  return {
    name: `${side} is restored`,
    world: {
      ...world,
      [side]: { side, thread },
      ghosts: [...world.ghosts, ...lost],
      owed: { ...world.owed, [side]: before[other].length },
      budget: { ...world.budget, restore: world.budget.restore - 1 },
    },
  };
}

/** Everything that is there reaches both, forks as evidence; ghosts stay lost. */
export function settled(world: World): World {
  let now = world;
  for (let round = 0; round < 100; round += 1) {
    const next = SIDES.reduce(exchange, now);
    if (next === now) return now;
    now = next;
  }
  throw new Error('two nodes exchange messages without an end');
}

function exchange(world: World, from: Side): World {
  const to = otherSide(from);
  let now = world;
  for (const entry of world[from].thread[from]) now = arrived(now, from, entry, 'in time') ?? now;
  for (const l of world[from].thread.loose) {
    if (l.side === from) now = arrived(now, from, l.entry, 'in time') ?? now;
  }
  const { thread } = now[to];
  const kept = [
    ...thread[from],
    ...thread.loose.filter((l) => l.side === from).map((l) => l.entry),
  ];
  for (const entry of kept) now = takenBack(now, from, entry);
  return now;
}

/** One's own message that the partner has: in its place, or as evidence of a fork. */
function takenBack(world: World, side: Side, entry: Entry): World {
  const { thread } = world[side];
  const { seq, previous } = entry.envelope;
  const rival = thread[side][seq - 1];
  if (rival?.digest === entry.digest) return world;
  const seen = entry.envelope.seen;
  const hasRead = !seen || thread[otherSide(side)][seen.seq - 1]?.digest === seen.digest;
  const follows = previous === (thread[side][seq - 2]?.digest ?? '');
  if (!rival && seq === thread[side].length + 1 && follows && hasRead) {
    const loose = thread.loose.filter((l) => l.entry.digest !== entry.digest);
    return { ...world, [side]: { side, thread: place({ ...thread, loose }, side, entry) } };
  }
  if (thread.loose.some((l) => l.entry.digest === entry.digest)) return world;
  if (!rival && entry.content?.body.step !== 'consentWithdrawn') return world;
  const forks = rival ? [...thread.forks, { side, seq }] : thread.forks;
  const loose = [...thread.loose, { side, entry }];
  return { ...world, [side]: { side, thread: { ...thread, loose, forks } } };
}

/** Two worlds with one key cannot behave differently. */
export function keyOf(world: World): string {
  const parts = SIDES.map((side) => {
    const { thread } = world[side];
    const heads = SIDES.map((s) => `${thread[s].length}${thread[s].at(-1)?.digest ?? ''}`);
    const loose = thread.loose.map((l) => l.entry.digest).toSorted();
    const forks = thread.forks.map((f) => `${f.side}${f.seq}`).toSorted();
    return [...heads, ...loose, ...forks, world.owed[side]].join();
  });
  const ghosts = world.ghosts.map((g) => g.entry.digest).toSorted();
  const { illegal, refusal, restore } = world.budget;
  return [...parts, ...ghosts, ...[...world.broken].toSorted(), illegal, refusal, restore].join(
    '|',
  );
}
