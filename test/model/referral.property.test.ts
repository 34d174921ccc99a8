import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isTerminal } from '#model/crossing.ts';
import { STEP_NAMES, type StepName } from '#model/message.ts';
import { fold, viewFor } from '#model/referral.ts';
import { nextSteps, notReady } from '#model/steps.ts';
import { type Entry, seenOf, standingRefusals, type Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { append, emptyReplica, garbled, type Replica, stateOf, take } from './replica.ts';
import {
  bodyOf,
  DAY,
  type Draft,
  PACKAGE_GRANTS,
  place,
  START_SECONDS,
  STORY,
  sample,
  tell,
  write,
} from './story.ts';

const side = fc.constantFrom<Side>('referring', 'receiving');

/** One act of a party: mostly legal, at times anything at all. */
const act = fc.record({
  kind: fc.constant('act' as const),
  side,
  pick: fc.nat(1000),
  legal: fc.integer({ min: 0, max: 9 }).map((n) => n > 1),
  unread: fc.constantFrom(0, 0, 0, 1, 2, 5),
  bare: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  backInTime: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  withdrawal: fc.constantFrom('whole', 'identity', 'meeting', 'identity', 'minimum'),
});
/** One message of that side's reaches the other, or is lost. */
const arrival = fc.record({
  kind: fc.constant('arrival' as const),
  side,
  pick: fc.nat(1000),
  isLate: fc.integer({ min: 0, max: 14 }).map((n) => n === 0),
  isGarbled: fc.integer({ min: 0, max: 24 }).map((n) => n === 0),
});
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;
type Arrival = typeof arrival extends fc.Arbitrary<infer T> ? T : never;
const script = fc.record({
  told: fc.nat(STORY.length - 1),
  events: fc.array(fc.oneof({ weight: 2, arbitrary: act }, { weight: 3, arbitrary: arrival }), {
    minLength: 1,
    maxLength: 60,
    size: 'max',
  }),
});

type World = Record<Side, Replica> & {
  /** Digests that reach their reader in a form that it does not understand. */
  broken: Set<string>;
};

function draftOf(
  replica: Replica,
  { pick, legal, unread, bare, backInTime, withdrawal }: Act,
): Draft {
  const { thread, side: by } = replica;
  const names = nextSteps(viewFor(by, stateOf(replica)));
  const rare: readonly StepName[] = ['consentWithdrawn', 'enteredInError', 'failed'];
  const usual = pick % 12 === 0 ? names : names.filter((name) => !rare.includes(name));
  const from = legal && usual.length > 0 ? usual : STEP_NAMES;
  const step = from[pick % from.length] as StepName;
  const seen = Math.max(0, thread[otherSide(by)].length - unread);
  const kept = Math.max(seen, ...(legal ? thread[by].map(seenOf) : [0]));
  const draft = sample(thread, by, step, { seen: kept });
  const changed: Draft = {
    ...draft,
    ...(bare && { sections: [] }),
    ...(backInTime && { sentAt: draft.sentAt - DAY, expiresAt: draft.sentAt }),
    ...(pick % 7 === 0 && { grants: PACKAGE_GRANTS }),
  };
  return step === 'consentWithdrawn' ? { ...changed, body: withdrawalOf(withdrawal) } : changed;
}

function withdrawalOf(kind: Act['withdrawal']) {
  return bodyOf('consentWithdrawn', {
    whole: kind === 'whole' || kind === 'meeting',
    sections: kind === 'identity' || kind === 'minimum' ? [kind] : [],
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: kind === 'meeting' ? 'yes' : 'not-asked',
  });
}

/** Fails when a verdict that was given changed in a way that no rule allows. */
function holdVerdicts(before: Replica, after: Replica, belated = false): void {
  const [was, is] = [stateOf(before), stateOf(after)];
  for (const by of ['referring', 'receiving'] as const) {
    const voided = standingRefusals(after.thread[otherSide(by)], after.thread[by]);
    for (const [index, verdict] of was.verdicts[by].entries()) {
      const now = is.verdicts[by][index];
      if (now?.verdict === verdict.verdict && now.reason === verdict.reason) continue;
      expect(now?.verdict).toBe('void');
      // Only its own author learns of that later: an honest refuser, who refuses
      // when it places a message and not afterwards, knew from the start.
      if (!belated) expect(by).toBe(after.side);
      expect(voided.some((r) => r.target <= index + 1)).toBe(true);
    }
  }
}

function doAct(world: World, event: Act): void {
  const before = world[event.side];
  const knew = stateOf(before);
  const draft = draftOf(before, event);
  const { step } = draft.body;
  const refused = notReady(step, viewFor(event.side, knew));
  const { replica } = append(before, draft);
  world[event.side] = replica;
  holdVerdicts(before, replica, step === 'refused');
  const verdict = stateOf(replica).verdicts[event.side].at(-1);
  const readAll = draft.seen === before.thread[otherSide(event.side)].length;
  // ILLEGAL_STEP before sending is illegal for everyone, should it come all the
  // same. (An early withdrawal binds its reader before it is in the chain.)
  if (readAll && refused !== null && before.thread.loose.length === 0) {
    expect(verdict?.verdict).not.toBe('counts');
  }
  if (event.legal && readAll && verdict?.verdict === 'counts') expect(refused).toBeNull();
  if (verdict?.verdict === 'illegal') {
    const { verdicts: _, ...was } = knew;
    const { verdicts: __, ...is } = stateOf(replica);
    expect(is).toEqual(was);
  }
}

function arrive(world: World, from: Side, index: number, isLate: boolean): void {
  const to = otherSide(from);
  const sent = world[from].thread[from][index] as Entry;
  const before = world[to];
  const read = world.broken.has(sent.digest) ? garbled(sent) : sent;
  const { replica } = take(before, read, isLate);
  world[to] = replica;
  holdVerdicts(before, replica);
}

function deliverAll(world: World): void {
  // Bounded: each round places what fits, and a refusal never earns a refusal.
  for (let round = 0; round < 400; round += 1) {
    let moved = false;
    for (const from of ['referring', 'receiving'] as const) {
      const done = world[otherSide(from)].thread[from].length;
      if (done >= world[from].thread[from].length) continue;
      arrive(world, from, done, false);
      moved = world[otherSide(from)].thread[from].length > done || moved;
    }
    if (!moved) break;
  }
}

function play({ told, events }: { told: number; events: (Act | Arrival)[] }): World {
  const thread = tell(STORY.slice(0, told));
  const world: World = {
    referring: { ...emptyReplica('referring'), thread },
    receiving: { ...emptyReplica('receiving'), thread },
    broken: new Set(),
  };
  for (const event of events) {
    if (event.kind === 'act') {
      doAct(world, event);
      continue;
    }
    const chain = world[event.side].thread[event.side];
    if (chain.length === 0) continue;
    // Near the end of the chain, at times anywhere: a duplicate, a gap.
    const back = event.pick % 10 === 0 ? event.pick % chain.length : event.pick % 4;
    const index = Math.max(0, chain.length - 1 - back);
    const sent = chain[index] as Entry;
    const read = world[otherSide(event.side)].thread[event.side].length;
    const canBreak =
      sent.content && !['consentWithdrawn', 'refused'].includes(sent.content.body.step);
    if (event.isGarbled && canBreak && index >= read) world.broken.add(sent.digest);
    arrive(world, event.side, index, event.isLate);
  }
  return world;
}

describe('two parties who act at random', () => {
  it('reach the same state when both have everything, and no verdict changes on the way', () => {
    fc.assert(
      fc.property(script, (told) => {
        const world = play(told);
        deliverAll(world);
        const { referring, receiving } = world;
        expect(referring.thread.loose).toEqual([]);
        expect(receiving.thread.loose).toEqual([]);
        const ours = stateOf(referring);
        expect(stateOf(receiving)).toEqual(ours);
        expect(fold(structuredClone(referring.thread))).toEqual(ours);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('fold equally with both halves of a fork, whichever half each had placed', () => {
    fc.assert(
      fc.property(script, fc.nat(1000), side, act, (told, at, forker, other) => {
        const world = play(told);
        deliverAll(world);
        const { thread } = world[forker];
        const chain = thread[forker];
        fc.pre(chain.length > 0 && world.broken.size === 0);
        const seq = 1 + (at % chain.length);
        const stump: Thread = { ...thread, [forker]: chain.slice(0, seq - 1) };
        const read = Math.min(seenOf(chain[seq - 1] as Entry), thread[otherSide(forker)].length);
        const copy = {
          side: forker,
          thread: { ...stump, [otherSide(forker)]: thread[otherSide(forker)].slice(0, read) },
        };
        const twin = append(copy, { ...draftOf(copy, other), seen: read }).replica.thread[
          forker
        ].at(-1) as Entry;
        fc.pre(twin.digest !== chain[seq - 1]?.digest);
        const forks = [{ side: forker, seq }];
        const first: Thread = { ...thread, forks, loose: [{ side: forker, entry: twin }] };
        const loose = chain.slice(seq - 1).map((entry) => ({ side: forker, entry }));
        const second: Thread = { ...stump, [forker]: [...stump[forker], twin], forks, loose };
        const state = fold(first);
        expect(fold(second)).toEqual(state);
        expect(isTerminal(state.status)).toBe(true);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('give a withdrawal the same effect with its place and without it', () => {
    fc.assert(
      fc.property(
        script,
        side,
        fc.constantFrom('whole', 'identity', 'meeting'),
        fc.nat(3),
        (told, by, kind, gap) => {
          const world = play(told);
          deliverAll(world);
          let author = world[by];
          const stay = author.thread;
          for (let i = 0; i < gap; i += 1)
            author = append(author, sample(author.thread, by, 'breachReported')).replica;
          const draft = sample(author.thread, by, 'consentWithdrawn', { body: withdrawalOf(kind) });
          const { replica, entry } = append(author, draft);
          const placed = fold(replica.thread);
          const early = fold({ ...stay, loose: [{ side: by, entry }] });
          expect(early.status).toBe(placed.status);
          expect(new Set(early.withdrawals)).toEqual(new Set(placed.withdrawals));
          expect(early.grants).toEqual(placed.grants);
          expect(early.travellingWithoutReceiver).toBe(placed.travellingWithoutReceiver);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  it('reach deep and refuse often enough for these tests to mean something', () => {
    const seen = new Map<string, number>();
    const count = (key: string) => seen.set(key, (seen.get(key) ?? 0) + 1);
    fc.assert(
      fc.property(script, (told) => {
        const world = play(told);
        deliverAll(world);
        const state = stateOf(world.referring);
        count(state.status);
        for (const verdict of [...state.verdicts.referring, ...state.verdicts.receiving]) {
          count(verdict.verdict);
        }
      }),
      { numRuns: 200, seed: START_SECONDS },
    );
    for (const verdict of ['counts', 'illegal', 'void']) {
      expect([verdict, (seen.get(verdict) ?? 0) > 50]).toEqual([verdict, true]);
    }
    expect(seen.size).toBeGreaterThan(16);
  }, 60_000);

  it('fold a thousand messages within a second', () => {
    let thread = tell(STORY.slice(0, -1));
    const draft = sample(thread, 'receiving', 'followUpReported');
    while (thread.receiving.length < 1000) {
      thread = place(thread, 'receiving', write(thread, 'receiving', draft));
    }
    const begin = performance.now();
    const { verdicts } = fold(thread);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(verdicts.receiving.every((v) => v.verdict === 'counts')).toBe(true);
  });
});
