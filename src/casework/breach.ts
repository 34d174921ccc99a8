// Data may be in wrong hands. The steps stand in the inbox at once; then the partner
// is told, where it may know. What could not be sent yet is sent by the clock.
import { isDeepStrictEqual } from 'node:util';

import type { Sent } from '#exchange/send.ts';
import {
  type BreachRecord,
  type BreachStep,
  type ChecklistItem,
  checklistOf,
  type Outcome,
  openSteps,
  type Scenario,
  type Settled,
  tellsPartnerByDefault,
} from '#model/matter/breach.ts';
import { encodeSection, parseSection } from '#model/plan/sections.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import {
  addToMatter,
  type Beside,
  loadMatter,
  mattersAround,
  mustBeHere,
  type OpenMatter,
  openMatter,
  taskFor,
} from './matters.ts';

export type ReportBreach = {
  requestId: string;
  referralId: string;
  scenario: Scenario;
  /** 'default' is by the scenario: an infiltrated partner must not learn of it. */
  tellPartner: 'default' | 'yes' | 'no';
  /** UTF-8 JSON of section breach. */
  breach: Uint8Array;
};

/** `sent` is null where the partner is not told, or not yet; then `waits` says why. */
export type Reported = { matterId: string; sent: Sent | null; waits: RefusalCode | null };

/**
 * The same report again is written once, and sent once.
 * @throws Refusal SCHEMA_VIOLATION, NOT_FOUND, CONFLICT
 */
export async function reportBreach(
  context: CaseworkContext,
  actor: Actor,
  report: ReportBreach,
): Promise<Reported> {
  const { requestId, referralId, scenario, tellPartner } = report;
  const breach = parseSection('breach', report.breach);
  const learntAtMs = Date.parse(breach.learntAt);
  if (learntAtMs > context.clock.now()) throw inFuture('learntAt');
  if (Date.parse(breach.since) > learntAtMs) {
    throw new Refusal('SCHEMA_VIOLATION', 'since: this is after it was learnt.');
  }
  const tellsPartner =
    tellPartner === 'default' ? tellsPartnerByDefault(scenario) : tellPartner === 'yes';
  const record: BreachRecord = { scenario, tellsPartner, learntAtMs, breach };
  await mustBeHere(context, { referralId, localCode: '' });
  await openBreach(context, actor, requestId, referralId, record);
  const matter = await loadMatter(context, requestId, 'breach');
  if (matter.row.referralId !== referralId || !isDeepStrictEqual(recordOf(matter), record)) {
    throw new Refusal('CONFLICT', 'request_id: another report has this id; make a new one.');
  }
  if (!tellsPartner) return { matterId: requestId, sent: null, waits: null };
  try {
    const sent = await tellPartnerOf(context, actor, matter, record);
    return { matterId: requestId, sent, waits: null };
  } catch (error) {
    // The steps stand; the clock sends it as soon as it can.
    if (!(error instanceof Refusal)) throw error;
    return { matterId: requestId, sent: null, waits: error.code };
  }
}

function inFuture(field: string): Refusal {
  return new Refusal('SCHEMA_VIOLATION', `${field}: this lies in the future.`);
}

/** With its steps in the inbox; nothing where it is open already. */
export async function openBreach(
  context: CaseworkContext,
  actor: Actor,
  matterId: string,
  referralId: string,
  record: BreachRecord,
): Promise<void> {
  const checklist = checklistOf(record, []);
  const groups = [...new Set(checklist.map(({ group }) => group))];
  await openMatter(
    context,
    actor,
    { matterId, kind: 'breach', about: { referralId, localCode: null } },
    { what: 'breach', value: record },
    {
      isOpen: checklist.length > 0,
      tasks: groups.map((group) => taskFor(context, referralId, group)),
      // At once: the clock then knows when it is next.
      deadlines: [{ referralId, kind: 'breach-steps', dueAtMs: context.clock.now() }],
    },
  );
}

/** @throws Refusal SYNC_FIRST … : nothing was sent then */
export async function tellPartnerOf(
  context: CaseworkContext,
  actor: Actor,
  { row }: OpenMatter,
  { breach }: BreachRecord,
): Promise<Sent> {
  const { matterId, referralId } = row;
  if (referralId === null || !breach) throw new Error('a breach without its section');
  const sent = await context.exchange.send({
    messageId: matterId,
    referralId,
    body: { step: 'breachReported', breachReported: {} },
    sections: [{ section: 'breach', content: encodeSection('breach', breach) }],
    grants: [],
    by: actor,
  });
  await settleStep(context, actor, { matterId, step: 'tell-partner', outcome: 'done' });
  return sent;
}

export type SettleStep = { matterId: string; step: BreachStep; outcome: Outcome };

/**
 * What was done of a breach's steps; the very same again changes nothing.
 * @throws Refusal NOT_FOUND, SCHEMA_VIOLATION, NOT_PERMITTED
 */
export async function settleStep(
  context: CaseworkContext,
  actor: Actor,
  { matterId, step, outcome }: SettleStep,
): Promise<void> {
  if (outcome !== 'done' && actor.role !== 'supervisor') {
    throw new Refusal('NOT_PERMITTED', 'outcome: a supervisor decides that a step is left out.');
  }
  await addToMatter(context, actor, matterId, 'breach', async (matter) => {
    const record = recordOf(matter);
    if (record === null) {
      throw new Refusal('KEY_UNAVAILABLE', 'What this record held was erased.');
    }
    const settled = settledOf(matter);
    const item = checklistOf(record, settled).find((one) => one.step === step);
    if (!item) throw notAStep(record);
    if (item.settled?.outcome === outcome) return null;
    const atMs = context.clock.now();
    const now: Settled = { step, outcome, atMs, byRole: actor.role };
    const checklist = checklistOf(record, [...settled, now]);
    return {
      value: { what: 'step', value: { step, outcome } },
      beside: await besideOf(context, matter, checklist),
    };
  });
}

function notAStep(record: BreachRecord): Refusal {
  const names = checklistOf(record, []).map(({ step }) => step);
  return new Refusal('SCHEMA_VIOLATION', `step: write one of ${names.join(', ')}.`);
}

/** Lines of the inbox that no open step of this referral needs any more. */
async function besideOf(
  context: CaseworkContext,
  { row }: OpenMatter,
  checklist: readonly ChecklistItem[],
): Promise<Beside> {
  const open = openSteps(checklist);
  const { referralId } = row;
  if (referralId === null) return { isOpen: open.length > 0 };
  const others = (await mattersAround(context, referralId, ['breach']))
    .filter((other) => other.row.matterId !== row.matterId && other.row.isOpen)
    .flatMap(openStepsOf);
  const left = [...open, ...others];
  const now = context.clock.now();
  const kinds = [...new Set(checklist.map(({ group }) => group))].filter(
    (group) => !left.some((one) => one.group === group),
  );
  const isLate = left.some(({ dueAtMs }) => dueAtMs <= now);
  return {
    isOpen: open.length > 0,
    doneTasks: [{ referralId, kinds: [...kinds, ...(isLate ? [] : ['breach-overdue'])] }],
  };
}

export function openStepsOf(matter: OpenMatter): ChecklistItem[] {
  const record = recordOf(matter);
  return record === null ? [] : openSteps(checklistOf(record, settledOf(matter)));
}

/** Null where its key was destroyed. */
export function recordOf({ entries }: OpenMatter): BreachRecord | null {
  const first = entries[0]?.value;
  return first?.what === 'breach' ? first.value : null;
}

export function settledOf({ entries }: OpenMatter): Settled[] {
  return entries.flatMap(({ value, atMs, byRole }) =>
    value?.what === 'step' ? [{ ...value.value, atMs, byRole }] : [],
  );
}
