// Local cases, ciphertext under a key of their own, and the referrals of each.
import { sql } from 'kysely';

import type { CaseworkStore } from '#casework/ports.ts';

import { limits } from '#model/limits.ts';

import type { Engine } from './engine.ts';
import { boundsOf, pageOf } from './pages.ts';
import { toCase, toReferral } from './rows.ts';
import { atMost, rowsStatement, statement } from './statement.ts';
import type { LocalCaseTable } from './tables.ts';

type Cases = Pick<
  CaseworkStore,
  | 'insertCase'
  | 'replaceCase'
  | 'findCase'
  | 'listCases'
  | 'eraseCase'
  | 'markCaseErased'
  | 'casesBeingErased'
  | 'referralsOfCase'
  | 'findCaseCode'
>;

export function casesOn(engine: Engine): Cases {
  return {
    insertCase: ({ localCode, sealed, importedAtMs, erasedAtMs }) =>
      engine.write(function* () {
        const times = { imported_at_ms: importedAtMs, erased_at_ms: erasedAtMs };
        const row = { local_code: localCode, ...times, sealed, is_erased: 0 } as const;
        return (yield* insert([row])).length === 1;
      }),
    replaceCase: (row) =>
      engine.write(function* () {
        return (yield* replace(row)).length === 1;
      }),
    findCase: (localCode) =>
      engine.read(function* () {
        const [row] = yield* find({ localCode });
        return row && toCase(row);
      }),
    listCases: async (limit, cursor) => {
      const bounds = boundsOf(limit, cursor, 'newest-first');
      const placeOf = (row: LocalCaseTable) => ({ ms: row.imported_at_ms, id: row.local_code });
      return engine.read(function* () {
        return pageOf(yield* casesBefore(bounds), bounds, placeOf, toCase);
      });
    },
    eraseCase: (localCode, atMs) =>
      engine.write(function* () {
        yield* erase({ localCode, atMs });
      }),
    markCaseErased: (localCode) =>
      engine.write(function* () {
        yield* markErased({ localCode });
      }),
    casesBeingErased: () =>
      engine.read(function* () {
        return (yield* beingErased({})).map((row) => row.local_code);
      }),
    referralsOfCase: (localCode) =>
      engine.read(function* () {
        return (yield* referralsOf({ localCode })).map(toReferral);
      }),
    findCaseCode: (localCode, partner) =>
      engine.read(function* () {
        const [row] = yield* caseCodeOf({ localCode, partner });
        return row?.case_code;
      }),
  };
}

const insert = rowsStatement(
  ['local_code', 'imported_at_ms', 'sealed', 'erased_at_ms', 'is_erased'],
  (db, rows: LocalCaseTable[]) =>
    db
      .insertInto('local_case')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('local_code'),
);

const replace = statement((db, p: { localCode: string; sealed: string; importedAtMs: number }) =>
  db
    .updateTable('local_case')
    .set({ sealed: p.sealed, imported_at_ms: p.importedAtMs })
    .where('local_code', '=', p.localCode)
    .where('erased_at_ms', 'is', null)
    .returning('local_code'),
);

const erase = statement((db, p: { localCode: string; atMs: number }) =>
  db
    .updateTable('local_case')
    .set({ sealed: '', erased_at_ms: p.atMs })
    .where('local_code', '=', p.localCode)
    .where('erased_at_ms', 'is', null),
);

const markErased = statement((db, p: { localCode: string }) =>
  db.updateTable('local_case').set({ is_erased: 1 }).where('local_code', '=', p.localCode),
);

const beingErased = statement((db, _: Record<never, never>) =>
  db
    .selectFrom('local_case')
    .select('local_code')
    .where('erased_at_ms', 'is not', null)
    .where('is_erased', '=', sql.lit(0)),
);

const find = statement((db, p: { localCode: string }) =>
  db.selectFrom('local_case').selectAll().where('local_code', '=', p.localCode),
);

const casesBefore = statement((db, p: { ms: number; id: string; rows: number }) =>
  db
    .selectFrom('local_case')
    .selectAll()
    .where((eb) => eb(eb.refTuple('imported_at_ms', 'local_code'), '<', eb.tuple(p.ms, p.id)))
    .orderBy('imported_at_ms', 'desc')
    .orderBy('local_code', 'desc')
    .limit(atMost(p.rows)),
);

const referralsOf = statement((db, p: { localCode: string }) =>
  db
    .selectFrom('referral')
    .selectAll()
    .where('local_code', '=', p.localCode)
    .orderBy('created_at_ms', 'desc')
    .orderBy('referral_id')
    .limit(atMost(limits.pageItemsMax)),
);

const caseCodeOf = statement((db, p: { localCode: string; partner: string }) =>
  db
    .selectFrom('referral')
    .select('case_code')
    .where('local_code', '=', p.localCode)
    .where('partner', '=', p.partner)
    .orderBy('created_at_ms')
    .limit(atMost(1)),
);
