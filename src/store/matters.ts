// Matters and their entries, with the tasks and deadlines that follow from each,
// in one transaction.
import type { MatterAbout, MatterChange, MatterRow, MatterStore } from '#casework/ports.ts';
import { limits } from '#model/limits.ts';

import { setDeadlines } from './deadlines.ts';
import { type Engine, Rollback } from './engine.ts';
import { boundsOf, pageOf } from './pages.ts';
import { atMost, type Job, rowsStatement, statement } from './statement.ts';
import type { MatterEntryTable, MatterTable } from './tables.ts';
import { insertTasks, removeTasks } from './tasks.ts';

export function mattersOn(engine: Engine): MatterStore {
  const firstOf = (...finds: (() => Job<MatterTable[]>)[]) =>
    engine.read(function* () {
      const rows: MatterTable[] = [];
      for (const find of finds) rows.push(...(yield* find()));
      const [oldest] = rows.toSorted((a, b) => a.opened_at_ms - b.opened_at_ms);
      return oldest && toMatter(oldest);
    });
  return {
    openMatter: (row, change) =>
      engine.write(function* () {
        const inserted = yield* insert([fromMatter({ ...row, isOpen: change.isOpen })]);
        if (inserted.length === 0) return false;
        yield* add(row.matterId, change);
        return true;
      }),
    addToMatter: (matterId, change) =>
      engine.write(function* () {
        if (!(yield* add(matterId, change))) throw new Rollback(false);
        yield* setOpen({ matterId, isOpen: change.isOpen ? 1 : 0 });
        return true;
      }),
    findMatter: (matterId) =>
      engine.read(function* () {
        const [row] = yield* find({ matterId });
        if (!row) return undefined;
        const entries = yield* entriesOf({ matterId });
        return {
          row: toMatter(row),
          entries: entries.map(({ number, at_ms, by_staff, by_role, sealed }) => {
            return { number, atMs: at_ms, byStaff: by_staff, byRole: by_role, sealed };
          }),
        };
      }),
    listMatters: async (kind, limit, cursor) => {
      const bounds = boundsOf(limit, cursor, 'newest-first');
      const placeOf = (row: MatterTable) => ({ ms: row.opened_at_ms, id: row.matter_id });
      return engine.read(function* () {
        return pageOf(yield* openedBefore({ ...bounds, kind }), bounds, placeOf, toMatter);
      });
    },
    mattersOfReferral: (referralId, kind) =>
      engine.read(function* () {
        return (yield* ofReferral({ referralId, kind })).map(toMatter);
      }),
    mattersOfCase: (localCode, kind) =>
      engine.read(function* () {
        return (yield* ofCase({ localCode, kind })).map(toMatter);
      }),
    openDemand: (referralId) =>
      firstOf(
        () => demandOfReferral({ referralId }),
        () => demandOfItsCase({ referralId }),
      ),
    openDemandOfCase: (localCode) =>
      firstOf(
        () => demandOfCase({ localCode }),
        () => demandOfItsReferrals({ localCode }),
      ),
  };
}

/** False when the number is taken. */
function* add(matterId: string, change: MatterChange): Job<boolean> {
  const { number, atMs, byStaff, byRole, sealed } = change.entry;
  const row = { matter_id: matterId, number, at_ms: atMs, by_staff: byStaff, by_role: byRole };
  if ((yield* insertEntry([{ ...row, sealed }])).length === 0) return false;
  for (const { referralId, kinds } of change.doneTasks) yield* removeTasks(referralId, kinds);
  yield* insertTasks(change.tasks);
  for (const { referralId, kind, dueAtMs } of change.deadlines) {
    yield* setDeadlines(referralId, [{ kind, dueAtMs }]);
  }
  return true;
}

function fromMatter(row: MatterRow): MatterTable {
  return {
    matter_id: row.matterId,
    kind: row.kind,
    referral_id: row.referralId,
    local_code: row.localCode,
    is_open: row.isOpen ? 1 : 0,
    opened_at_ms: row.openedAtMs,
  };
}

function toMatter(row: MatterTable): MatterRow {
  // A CHECK of the table: one of the two is there.
  const about = { referralId: row.referral_id, localCode: row.local_code } as MatterAbout;
  const { matter_id, kind, is_open, opened_at_ms } = row;
  return { ...about, matterId: matter_id, kind, isOpen: is_open === 1, openedAtMs: opened_at_ms };
}

const insert = rowsStatement(
  ['matter_id', 'kind', 'referral_id', 'local_code', 'is_open', 'opened_at_ms'],
  (db, rows: MatterTable[]) =>
    db
      .insertInto('matter')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('matter_id'),
);

const insertEntry = rowsStatement(
  ['matter_id', 'number', 'at_ms', 'by_staff', 'by_role', 'sealed'],
  (db, rows: MatterEntryTable[]) =>
    db
      .insertInto('matter_entry')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('number'),
);

const setOpen = statement((db, p: { matterId: string; isOpen: MatterTable['is_open'] }) =>
  db.updateTable('matter').set({ is_open: p.isOpen }).where('matter_id', '=', p.matterId),
);

const find = statement((db, p: { matterId: string }) =>
  db.selectFrom('matter').selectAll().where('matter_id', '=', p.matterId),
);

const entriesOf = statement((db, p: { matterId: string }) =>
  db.selectFrom('matter_entry').selectAll().where('matter_id', '=', p.matterId).orderBy('number'),
);

const openedBefore = statement(
  (db, p: { kind: MatterTable['kind']; ms: number; id: string; rows: number }) =>
    db
      .selectFrom('matter')
      .selectAll()
      .where('kind', '=', p.kind)
      .where((eb) => eb(eb.refTuple('opened_at_ms', 'matter_id'), '<', eb.tuple(p.ms, p.id)))
      .orderBy('opened_at_ms', 'desc')
      .orderBy('matter_id', 'desc')
      .limit(atMost(p.rows)),
);

const ofReferral = statement((db, p: { referralId: string; kind: MatterTable['kind'] }) =>
  db
    .selectFrom('matter')
    .selectAll()
    .where('referral_id', '=', p.referralId)
    .where('kind', '=', p.kind)
    .orderBy('opened_at_ms')
    .limit(atMost(limits.pageItemsMax)),
);

const ofCase = statement((db, p: { localCode: string; kind: MatterTable['kind'] }) =>
  db
    .selectFrom('matter')
    .selectAll()
    .where('local_code', '=', p.localCode)
    .where('kind', '=', p.kind)
    .orderBy('opened_at_ms')
    .limit(atMost(limits.pageItemsMax)),
);

const demandOfReferral = statement((db, p: { referralId: string }) =>
  db
    .selectFrom('matter')
    .selectAll()
    .where('referral_id', '=', p.referralId)
    .where('kind', '=', 'demand')
    .where('is_open', '=', 1)
    .orderBy('opened_at_ms')
    .limit(atMost(1)),
);

const demandOfCase = statement((db, p: { localCode: string }) =>
  db
    .selectFrom('matter')
    .selectAll()
    .where('local_code', '=', p.localCode)
    .where('kind', '=', 'demand')
    .where('is_open', '=', 1)
    .orderBy('opened_at_ms')
    .limit(atMost(1)),
);

const demandOfItsCase = statement((db, p: { referralId: string }) =>
  db
    .selectFrom('referral')
    .innerJoin('matter', 'matter.local_code', 'referral.local_code')
    .selectAll('matter')
    .where('referral.referral_id', '=', p.referralId)
    .where('matter.kind', '=', 'demand')
    .where('matter.is_open', '=', 1),
);

const demandOfItsReferrals = statement((db, p: { localCode: string }) =>
  db
    .selectFrom('referral')
    .innerJoin('matter', 'matter.referral_id', 'referral.referral_id')
    .selectAll('matter')
    .where('referral.local_code', '=', p.localCode)
    .where('matter.kind', '=', 'demand')
    .where('matter.is_open', '=', 1),
);
