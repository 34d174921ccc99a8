// What was told outside, to an authority or to save a life: only recorded here. A
// record is never refused because it should not have happened: that would hide it.
import { isDeepStrictEqual } from 'node:util';

import { DisclosureRecord } from '#model/matter/disclosure.ts';
import { againAtMs } from '#model/matter/telling.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { decisionOf, type RecordMatter } from './demand.ts';
import { loadMatter, mustBeHere, openMatter, readRecord, referralsAbout } from './matters.ts';
import type { MatterAbout } from './ports.ts';
import { askAgain } from './telling.ts';

/**
 * The same record again changes nothing.
 * @returns whether more was told than the decision on its demand allowed
 * @throws Refusal SCHEMA_VIOLATION, NOT_FOUND, CONFLICT
 */
export async function recordDisclosure(
  context: CaseworkContext,
  actor: Actor,
  { requestId, record, ...named }: RecordMatter,
): Promise<{ isBeyondDecision: boolean }> {
  const value = readRecord(DisclosureRecord, record, 'disclosure');
  if (Date.parse(value.madeAt) > context.clock.now()) {
    throw new Refusal('SCHEMA_VIOLATION', 'madeAt: this lies in the future; record it afterwards.');
  }
  const about = await mustBeHere(context, named);
  const isBeyondDecision = await goesBeyond(context, about, value);
  const waits = againAtMs(value.person) !== null;
  const made = await openMatter(
    context,
    actor,
    { matterId: requestId, kind: 'disclosure', about },
    { what: 'disclosure', value, isBeyondDecision },
    {
      isOpen: waits,
      deadlines: waits ? askAgain(context, await referralsAbout(context, about)) : [],
    },
  );
  if (made) return { isBeyondDecision };
  const [first] = (await loadMatter(context, requestId, 'disclosure')).entries;
  const there = first?.value;
  if (there?.what === 'disclosure' && isDeepStrictEqual(there.value, value)) {
    return { isBeyondDecision: there.isBeyondDecision };
  }
  throw new Refusal('CONFLICT', 'request_id: another record has this id; make a new one.');
}

/** @throws Refusal NOT_FOUND, SCHEMA_VIOLATION */
async function goesBeyond(
  context: CaseworkContext,
  about: MatterAbout,
  { demandId, sections }: DisclosureRecord,
): Promise<boolean> {
  if (demandId === undefined) return false;
  const demand = await loadMatter(context, demandId, 'demand');
  const idsOf = async (one: MatterAbout) =>
    (await referralsAbout(context, one)).map(({ referralId }) => referralId);
  const mine = await idsOf(about);
  const isSame = demand.row.localCode !== null && demand.row.localCode === about.localCode;
  if (!isSame && !(await idsOf(demand.row)).some((id) => mine.includes(id))) {
    throw new Refusal('SCHEMA_VIOLATION', 'demandId: this demand is about somebody else.');
  }
  const decision = decisionOf(demand);
  const allowed = decision?.decision === 'narrowest-part' ? (decision.handsOver ?? []) : [];
  return sections.some((section) => !allowed.includes(section));
}
