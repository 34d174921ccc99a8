// A legal demand for what is held. From its record on nothing is exported and nothing
// is erased, until a lawyer advised and two people decided.
import { isDeepStrictEqual } from 'node:util';

import { DemandDecision, DemandRecord, decisionFaults, endsDemand } from '#model/matter/demand.ts';
import { Refusal } from '#model/refusal.ts';
import { type Actor, mustBeAnother } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import {
  addToMatter,
  loadMatter,
  mattersAround,
  mustBeHere,
  type OpenMatter,
  openMatter,
  readRecord,
  referralsAbout,
  taskFor,
} from './matters.ts';
import { askAgain } from './telling.ts';

export type RecordMatter = {
  requestId: string;
  /** Exactly one of the two; the other is empty. */
  referralId: string;
  localCode: string;
  /** UTF-8 JSON. */
  record: Uint8Array;
};

/**
 * The same record again changes nothing.
 * @throws Refusal SCHEMA_VIOLATION, NOT_FOUND, CONFLICT
 */
export async function recordDemand(
  context: CaseworkContext,
  actor: Actor,
  { requestId, record, ...named }: RecordMatter,
): Promise<void> {
  const value = readRecord(DemandRecord, record, 'demand');
  if (Date.parse(value.receivedAt) > context.clock.now()) {
    throw new Refusal('SCHEMA_VIOLATION', 'receivedAt: this lies in the future.');
  }
  const about = await mustBeHere(context, named);
  const referrals = await referralsAbout(context, about);
  const matter = { matterId: requestId, kind: 'demand', about } as const;
  const tasks = referrals.map(({ referralId }) => taskFor(context, referralId, 'demand-open'));
  const beside = { isOpen: true, tasks };
  if (await openMatter(context, actor, matter, { what: 'demand', value }, beside)) return;
  const there = demandOf(await loadMatter(context, requestId, 'demand'));
  if (isDeepStrictEqual(there, value)) return;
  throw new Refusal('CONFLICT', 'request_id: another demand has this id; make a new one.');
}

/**
 * By two people, after a lawyer advised. A challenge leaves it open.
 * @throws Refusal SECOND_PERSON_NEEDED, NOT_PERMITTED, NOT_FOUND, SCHEMA_VIOLATION, CONFLICT
 */
export async function decideDemand(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  { matterId, decision }: { matterId: string; decision: Uint8Array },
): Promise<void> {
  if (actor.role === 'service') {
    throw new Refusal('NOT_PERMITTED', 'Two people decide on a demand, and no other system.');
  }
  mustBeAnother(actor, second);
  const value = readRecord(DemandDecision, decision, 'decision');
  await addToMatter(context, actor, matterId, 'demand', async (matter) => {
    if (isDeepStrictEqual(decisionOf(matter), value)) return null;
    if (!matter.row.isOpen) {
      throw new Refusal('CONFLICT', 'This demand was decided and is ended; record a new one.');
    }
    const demand = demandOf(matter);
    if (!demand) throw new Refusal('KEY_UNAVAILABLE', 'What this record held was erased.');
    const referrals = await referralsAbout(context, matter.row);
    const faults = decisionFaults(demand, value, context.clock.now());
    if (value.organisation.why === 'nobody-concerned' && referrals.length > 0) {
      faults.push('organisation: another organisation is concerned; say when or why not.');
    }
    if (faults.length > 0) throw new Refusal('SCHEMA_VIOLATION', faults.join(' '));
    const isOpen = !endsDemand(value);
    const { staffId, role } = second;
    return {
      value: { what: 'decision', value, second: { staffId, role } },
      beside: {
        isOpen,
        doneTasks: isOpen ? [] : await freedBy(context, matter, referrals),
        deadlines: askAgain(context, referrals),
      },
    };
  });
}

/** Referrals that no other demand holds. */
async function freedBy(
  context: CaseworkContext,
  { row: ended }: OpenMatter,
  referrals: readonly { referralId: string }[],
) {
  const freed: { referralId: string; kinds: string[] }[] = [];
  for (const { referralId } of referrals) {
    const others = (await mattersAround(context, referralId, ['demand'])).filter(
      ({ row }) => row.isOpen && row.matterId !== ended.matterId,
    );
    if (others.length === 0) freed.push({ referralId, kinds: ['demand-open'] });
  }
  return freed;
}

/**
 * Asked by all that writes a file for somebody (an export, evidence, a copy, a receipt), and
 * before a case is erased.
 * @throws Refusal NOT_PERMITTED
 */
export async function mustHaveNoDemand(
  context: CaseworkContext,
  about: { referralId: string } | { localCode: string },
): Promise<void> {
  const open =
    'referralId' in about
      ? await context.store.openDemand(about.referralId)
      : await context.store.openDemandOfCase(about.localCode);
  if (!open) return;
  throw new Refusal(
    'NOT_PERMITTED',
    'A legal demand is open: nothing is exported or erased. A lawyer and two people decide first: srx demand list.',
  );
}

function demandOf({ entries }: OpenMatter): DemandRecord | null {
  const first = entries[0]?.value;
  return first?.what === 'demand' ? first.value : null;
}

/** The newest one; null where nothing was decided. */
export function decisionOf({ entries }: OpenMatter): DemandDecision | null {
  const newest = entries.findLast(({ value }) => value?.what === 'decision')?.value;
  return newest?.what === 'decision' ? newest.value : null;
}
