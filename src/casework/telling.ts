// Who must still hear of a demand or a disclosure: asked again when it may be told,
// until somebody wrote down that it was.
import { againAtMs, type ToldLater, type Whom } from '#model/matter/telling.ts';
import { Refusal } from '#model/refusal.ts';
import type { Actor } from './actor.ts';
import { raiseAlarm } from './alarm.ts';
import type { CaseworkContext } from './context.ts';
import { addToMatter, mattersAround, type OpenMatter, referralsAbout } from './matters.ts';

export type Untold = { whom: Whom; againAtMs: number };

const KINDS = ['demand', 'disclosure'] as const;

/** Due at once: the clock then knows whom to ask about, and when. */
export function askAgain(
  { clock }: CaseworkContext,
  referrals: readonly { referralId: string }[],
): { referralId: string; kind: string; dueAtMs: number }[] {
  const dueAtMs = clock.now();
  return referrals.map(({ referralId }) => ({ referralId, kind: 'tell-again', dueAtMs }));
}

/** Whom the newest word of this record leaves untold. */
export function untoldOf({ entries }: OpenMatter): Untold[] {
  const values = entries.map(({ value }) => value);
  const newest = values.findLast((v) => v?.what === 'decision' || v?.what === 'disclosure');
  if (newest?.what !== 'decision' && newest?.what !== 'disclosure') return [];
  const told = values.flatMap((v) => (v?.what === 'told' ? [v.value.whom] : []));
  const said = [
    { whom: 'person', telling: newest.value.person },
    ...(newest.what === 'decision'
      ? [{ whom: 'organisation', telling: newest.value.organisation } as const]
      : []),
  ] as const;
  return said.flatMap(({ whom, telling }) => {
    const again = againAtMs(telling);
    return again === null || told.includes(whom) ? [] : [{ whom, againAtMs: again }];
  });
}

/**
 * Somebody heard of it after all.
 * @throws Refusal NOT_FOUND, SCHEMA_VIOLATION, CONFLICT
 */
export async function recordTold(
  context: CaseworkContext,
  actor: Actor,
  { matterId, whom, told }: { matterId: string; whom: Whom; told: number },
): Promise<void> {
  if (told * 1000 > context.clock.now()) {
    throw new Refusal('SCHEMA_VIOLATION', 'told: this lies in the future.');
  }
  await addToMatter(context, actor, matterId, undefined, async (matter) => {
    const untold = untoldOf(matter);
    if (!untold.some((one) => one.whom === whom)) {
      throw new Refusal('CONFLICT', 'whom: nobody waits to be told here; see srx demand show.');
    }
    const value: ToldLater = { whom, told: new Date(told * 1000).toISOString() };
    const stillWaits = untold.length > 1;
    const isDisclosure = matter.row.kind === 'disclosure';
    return {
      value: { what: 'told', value },
      beside: {
        isOpen: isDisclosure ? stillWaits : matter.row.isOpen,
        doneTasks: await quietOnes(context, matter, stillWaits),
      },
    };
  });
}

/** Referrals in which nobody else waits to be told now. */
async function quietOnes(context: CaseworkContext, matter: OpenMatter, stillWaits: boolean) {
  const quiet: { referralId: string; kinds: string[] }[] = [];
  for (const { referralId } of await referralsAbout(context, matter.row)) {
    const others = (await mattersAround(context, referralId, KINDS)).filter(
      ({ row }) => row.matterId !== matter.row.matterId,
    );
    const isDue = ({ againAtMs: again }: Untold) => again <= context.clock.now();
    if (!stillWaits && !others.flatMap(untoldOf).some(isDue)) {
      quiet.push({ referralId, kinds: ['tell-person'] });
    }
  }
  return quiet;
}

/** Work of 'tell-again'. */
export async function remindToTell(context: CaseworkContext, referralId: string): Promise<void> {
  const untold = (await mattersAround(context, referralId, KINDS)).flatMap(untoldOf);
  const nowMs = context.clock.now();
  if (untold.some(({ againAtMs: again }) => again <= nowMs)) {
    await raiseAlarm(context, referralId, 'tell-person');
  }
  const later = untold.map(({ againAtMs: again }) => again).filter((again) => again > nowMs);
  if (later.length === 0) return;
  await context.store.setDeadline(referralId, { kind: 'tell-again', dueAtMs: Math.min(...later) });
}
