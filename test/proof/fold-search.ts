// Tries everything that can happen between two nodes, to a depth, from several
// points of a referral: node test/proof/fold-search.ts [--depth N] [--states N]
import { isDeepStrictEqual, parseArgs } from 'node:util';

import type { SectionName } from '#model/codes.ts';
import { isWhole } from '#model/consent.ts';
import { isTerminal } from '#model/crossing.ts';
import { gate } from '#model/gate.ts';
import type { StepName } from '#model/message.ts';
import { type ReferralState, viewFor } from '#model/referral.ts';
import { nextSteps } from '#model/steps.ts';
import { EMPTY_THREAD, seenOf, standingRefusals, type Thread } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import {
  type Budget,
  keyOf,
  movesOf,
  SIDES,
  settled,
  type World,
  worldOf,
} from '#test/model/fold-world.ts';
import { foldOnce } from '#test/model/replica.ts';
import { type Line, START_SECONDS, tell } from '#test/model/story.ts';

export type Found = {
  states: number;
  moves: number;
  /** How many states settle to each status. */
  statuses: Map<string, number>;
  /** States in which a withdrawal closes what was granted. */
  closed: number;
  /** Each with the moves that lead to it. */
  faults: string[];
  cutShort: boolean;
};

export const ONE_OF_EACH: Budget = { illegal: 1, refusal: 1, restore: 1 };
/** Fewer mishaps of other kinds, so that refusals can cross. */
export const TWO_REFUSALS: Budget = { illegal: 0, refusal: 2, restore: 0 };
const FAULTS_MAX = 5;
const RECEIVING = 'https://homeward.example';

const begun: Line[] = [
  ['referring', 'referralRequest'],
  ['receiving', 'receiptConfirmed'],
  ['receiving', 'riskAssessed'],
  ['referring', 'riskAssessed'],
];
const underway: Line[] = [
  ...begun,
  ['receiving', 'accepted'],
  ['referring', 'packageReleased'],
  ['receiving', 'packageReceived'],
  ['receiving', 'arrivalPlanned'],
  ['referring', 'arrivalPlanned'],
];

/** Where a search begins. */
export const STARTS: Readonly<Record<string, Thread>> = {
  nothing: EMPTY_THREAD,
  received: tell(begun),
  accepted: tell(underway.slice(0, 5)),
  released: tell(underway.slice(0, 6)),
  planned: tell(underway),
  departed: tell([...underway, ['referring', 'departed']]),
  arrived: tell([...underway, ['referring', 'departed'], ['receiving', 'arrived']]),
};

/** Breadth first, so that the first fault found has the shortest way to it. */
export function search(start: Thread, depth: number, budget: Budget, statesMax = Infinity): Found {
  const found: Found = {
    states: 0,
    moves: 0,
    statuses: new Map(),
    closed: 0,
    faults: [],
    cutShort: false,
  };
  const known = new Set<string>();
  let layer: { world: World; path: readonly string[] }[] = [];
  const visit = (world: World, path: readonly string[], next: typeof layer) => {
    const key = keyOf(world);
    if (known.has(key)) return;
    known.add(key);
    found.states += 1;
    report(found, path, faultOf(world, found));
    next.push({ world, path });
  };
  visit(worldOf(start, budget), [], layer);
  for (let at = 0; at < depth && found.faults.length < FAULTS_MAX; at += 1) {
    const next: typeof layer = [];
    for (const { world, path } of layer) {
      if (known.size >= statesMax) return { ...found, cutShort: true };
      for (const move of movesOf(world)) {
        found.moves += 1;
        const way = [...path, move.name];
        report(found, way, changedVerdict(world, move.world, move.name));
        visit(move.world, way, next);
      }
    }
    layer = next;
  }
  return found;
}

function report(found: Found, path: readonly string[], fault: string | null): void {
  if (fault === null || found.faults.length >= FAULTS_MAX) return;
  found.faults.push(`${fault}\n  ${path.join('\n  ')}`);
}

/** A verdict stands, but for its author who learns of a refusal. */
function changedVerdict(before: World, after: World, move: string): string | null {
  if (move.endsWith('is restored')) return null;
  for (const side of SIDES) {
    const { thread } = after[side];
    if (thread === before[side].thread || thread.forks.length > 0) continue;
    const [was, is] = [foldOnce(before[side].thread), foldOnce(thread)];
    for (const by of SIDES) {
      const refusals = standingRefusals(thread[otherSide(by)], thread[by]);
      for (const [index, { verdict }] of was.verdicts[by].entries()) {
        const now = is.verdicts[by][index]?.verdict;
        if (now === verdict) continue;
        const isRefused = refusals.some((r) => r.target <= index + 1);
        if (now === 'void' && by === side && isRefused) continue;
        return `verdict on ${by} ${index + 1} at the ${side} side: ${verdict}, then ${now}`;
      }
    }
  }
  return null;
}

function faultOf(world: World, found: Found): string | null {
  for (const side of SIDES) {
    const { thread } = world[side];
    const early = thread.loose.some((l) => {
      const body = l.entry.content?.body;
      return body?.step === 'consentWithdrawn' && isWhole(body.consentWithdrawn);
    });
    if (early && foldOnce(thread).status !== 'withdrawn') return 'an early withdrawal waits';
    for (const section of ['identity', 'contact'] as const) {
      if (!isTakenBack(thread, section)) continue;
      found.closed += 1;
      if (isOpen(thread, section))
        return `${section} is open at the ${side} side after a withdrawal`;
    }
  }
  const end = settled(world);
  const [ours, theirs] = [foldOnce(end.referring.thread), foldOnce(end.receiving.thread)];
  found.statuses.set(ours.status, (found.statuses.get(ours.status) ?? 0) + 1);
  if (!isDeepStrictEqual(comparable(ours, end), comparable(theirs, end))) {
    return `unequal folds: ${ours.status} and ${theirs.status}\n${JSON.stringify([ours.verdicts, theirs.verdicts])}`;
  }
  const { referring, receiving } = end;
  if (referring.thread.forks.length > 0) {
    return isTerminal(ours.status) ? null : 'a fork that interrupts nothing';
  }
  for (const side of SIDES) {
    if (referring.thread[side].length !== receiving.thread[side].length) return 'undeliverable';
  }
  return stuck(end);
}

/** Told from the messages alone, wherever they stand; a yes that had seen it takes it back. */
function isTakenBack(thread: Thread, section: SectionName): boolean {
  const all = [
    ...SIDES.flatMap((side) => thread[side].map((entry) => ({ side, entry }))),
    ...thread.loose,
  ];
  return all.some(({ side, entry: { envelope, content } }) => {
    const body = content?.body;
    if (body?.step !== 'consentWithdrawn') return false;
    const { whole, meetingWish, sections } = body.consentWithdrawn;
    const isMeeting = section === 'contact' && meetingWish === 'yes';
    if (whole ? isMeeting : !sections.includes(section)) return false;
    return !all.some(
      (later) =>
        later.side === 'referring' &&
        later.entry.content?.grants.some((grant) => grant.sections.includes(section)) &&
        (side === 'referring'
          ? later.entry.envelope.seq > envelope.seq
          : seenOf(later.entry) >= envelope.seq),
    );
  });
}

function isOpen(thread: Thread, section: SectionName): boolean {
  const question = { section, recipient: RECEIVING, nowSeconds: START_SECONDS };
  return gate({ thread, state: foldOnce(thread) }, question) === 'granted';
}

/**
 * Whole states, but for one known limit: a fork can cut away the refusal of a
 * body that its reader does not understand. The referral is over then, for both.
 */
function comparable(state: ReferralState, { referring, broken }: World): object {
  if (referring.thread.forks.length === 0 || broken.length === 0) return state;
  return [state.status, new Set(state.withdrawals.map((w) => w.messageId))];
}

/** Steps that carry a referral on to its end; not those that call it off. */
const ONWARD: readonly StepName[] = [
  'referralRequest',
  'receiptConfirmed',
  'accepted',
  'packageReleased',
  'packageReceived',
  'arrivalPlanned',
  'departed',
  'arrived',
  'caseManagementTaken',
  'caseManagementHanded',
  'cancellationConfirmed',
  'completed',
];

function stuck({ referring, receiving }: World): string | null {
  const state = foldOnce(referring.thread);
  if (isTerminal(state.status)) return null;
  // A request that was refused or illegal has used up number 1: a new referral.
  if (state.status === 'none' && referring.thread.referring.length > 0) return null;
  const views = [referring, receiving].map(({ side, thread }) => viewFor(side, foldOnce(thread)));
  const isOnward = views.some((view) => nextSteps(view).some((step) => ONWARD.includes(step)));
  return isOnward ? null : `stuck as ${state.status}`;
}

function main(): void {
  const { values } = parseArgs({
    options: { depth: { type: 'string' }, states: { type: 'string' } },
  });
  const depth = Number(values.depth ?? 6);
  const statesMax = Number(values.states ?? 150_000);
  const begin = performance.now();
  let total = 0;
  for (const [mishaps, budget] of Object.entries({ ONE_OF_EACH, TWO_REFUSALS })) {
    for (const [name, start] of Object.entries(STARTS)) {
      const found = search(start, depth, budget, statesMax);
      total += found.states;
      const seconds = ((performance.now() - begin) / 1000).toFixed(0);
      const bound = found.cutShort ? ` (stopped at ${statesMax})` : '';
      const counts = `${found.states} states${bound}, ${found.moves} moves`;
      console.log(
        `${mishaps}, from ${name}: ${counts}, ${found.statuses.size} statuses, ${seconds} s`,
      );
      for (const fault of found.faults) console.log(`FAULT ${fault}`);
      if (found.faults.length > 0) process.exitCode = 1;
    }
  }
  console.log(`${total} states in all, to depth ${depth}`);
}

if (import.meta.main) main();
