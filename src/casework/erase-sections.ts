// The erasing itself, by steps that bear a crash between any two: tombstones and the
// ciphertext in one commit, then the keys at every place, then that it is done.
import { NO_CHANGE } from '#exchange/change.ts';
import { type OpenReferral, openReferral } from '#exchange/open-referral.ts';
import type { ReferralRow, StoredSection } from '#exchange/ports.ts';
import { sectionKeyId } from '#exchange/sections.ts';
import { SECTIONS, type SectionName } from '#model/codes.ts';
import { type ErasureRecord, keyGeneration, type Tombstone } from '#model/erasure-record.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { raiseAlarm } from './alarm.ts';
import type { CaseworkContext } from './context.ts';

export type Holding = OpenReferral & {
  row: ReferralRow;
  /** With ciphertext or a key of theirs. */
  held: ReadonlySet<SectionName>;
  rows: readonly StoredSection[];
};

/** Null where no such referral is here. */
export async function loadHolding(
  context: CaseworkContext,
  referralId: string,
): Promise<Holding | null> {
  const stored = await context.store.load(referralId);
  const { row } = stored;
  if (!row) return null;
  const rows = await context.store.listSections(referralId);
  const sealed = new Set(rows.filter((one) => one.sealed !== null).map(({ section }) => section));
  const hasKey = (section: SectionName) => context.keyFile.get(keyIdOf(row, section)) !== undefined;
  const held = new Set(SECTIONS.filter((name) => sealed.has(name) || hasKey(name)));
  return { ...openReferral(stored, context.exchange.context.codec), stored, row, rows, held };
}

function keyIdOf({ referralId, erasure }: ReferralRow, section: SectionName): string {
  return sectionKeyId(referralId, section, keyGeneration(erasure, section));
}

type Chosen = { section: SectionName; cause: Tombstone['cause'] };

/**
 * Erases what `choose` names of that which is held, and finishes what was begun before.
 * @throws Refusal UNAVAILABLE while a place of the key file has not taken it
 */
export async function eraseSections(
  context: CaseworkContext,
  referralId: string,
  choose: (holding: Holding) => readonly Chosen[],
): Promise<void> {
  await changeErasure(context, referralId, (holding) => {
    const chosen = choose(holding).filter(({ section }) => holding.held.has(section));
    return chosen.length === 0 ? null : buried(holding, chosen, context.clock.now());
  });
  const { row } = await context.store.load(referralId);
  const stones = row?.erasure.tombstones ?? [];
  const open = stones.filter(({ erasedAtMs }) => erasedAtMs === null);
  if (open.length > 0) await destroyKeys(context, referralId, open);
  // Also where a crash came between the last two steps.
  if (stones.length > 0) await context.store.finishTasks(referralId, ['erasure-open']);
}

async function destroyKeys(
  context: CaseworkContext,
  referralId: string,
  open: readonly Tombstone[],
): Promise<void> {
  try {
    await context.keyFile.destroy(
      open.map(({ section, generation }) => sectionKeyId(referralId, section, generation)),
    );
  } catch (error) {
    await raiseAlarm(context, referralId, 'erasure-open');
    throw error;
  }
  await changeErasure(context, referralId, ({ row: { erasure } }) => ({
    erasure: { ...erasure, tombstones: erasure.tombstones.map(done(open, context.clock.now())) },
  }));
}

function buried({ row, rows }: Holding, chosen: readonly Chosen[], sinceMs: number): Change {
  const stones = chosen.map(({ section, cause }) => {
    const generation = keyGeneration(row.erasure, section);
    return { section, generation, cause, sinceMs, erasedAtMs: null };
  });
  const names = new Set(chosen.map(({ section }) => section));
  return {
    erasure: { ...row.erasure, tombstones: [...row.erasure.tombstones, ...stones] },
    sections: rows
      .filter(({ section, sealed }) => names.has(section) && sealed !== null)
      .map((one) => ({ ...one, sealed: null })),
  };
}

function done(open: readonly Tombstone[], erasedAtMs: number) {
  return (stone: Tombstone): Tombstone => {
    const isOne = open.some(
      ({ section, generation }) => section === stone.section && generation === stone.generation,
    );
    return isOne ? { ...stone, erasedAtMs } : stone;
  };
}

type Change = { erasure: ErasureRecord; sections?: StoredSection[] };

/**
 * One change of what stands in the row, against whoever else writes to it.
 * @param make null: there is nothing to change
 */
export async function changeErasure(
  context: CaseworkContext,
  referralId: string,
  make: (holding: Holding) => Change | null,
): Promise<void> {
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    const isDone = await context.exchange.context.inTurn(referralId, async () => {
      const holding = await loadHolding(context, referralId);
      const change = holding && make(holding);
      if (!holding || !change) return true;
      const { row } = holding;
      return context.store.commit(referralId, {
        ...NO_CHANGE,
        expectVersion: row.version,
        row: { ...row, version: row.version + 1, erasure: change.erasure },
        sections: change.sections ?? [],
      });
    });
    if (isDone) return;
  }
  throw new Refusal('UNAVAILABLE', 'The referral is busy; try the act again.');
}
