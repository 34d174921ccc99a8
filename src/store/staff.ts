// Staff by the digest of their token.
import type { CaseworkStore } from '#casework/ports.ts';

import type { Engine } from './engine.ts';
import { boundsOf, pageOf } from './pages.ts';
import { toStaff } from './rows.ts';
import { atMost, rowsStatement, statement } from './statement.ts';
import type { StaffTable } from './tables.ts';

type Staff = Pick<CaseworkStore, 'insertStaff' | 'findStaffByToken' | 'listStaff' | 'removeStaff'>;

export function staffOn(engine: Engine): Staff {
  return {
    insertStaff: ({ staffId, role, tokenDigest, createdAtMs }) =>
      engine.write(function* () {
        const row = { staff_id: staffId, role, token_digest: tokenDigest };
        return (yield* insert([{ ...row, created_at_ms: createdAtMs }])).length === 1;
      }),
    findStaffByToken: (tokenDigest) =>
      engine.read(function* () {
        const [row] = yield* findByToken({ tokenDigest });
        return row && toStaff(row);
      }),
    listStaff: async (limit, cursor) => {
      const bounds = boundsOf(limit, cursor, 'oldest-first');
      const placeOf = (row: StaffTable) => ({ ms: row.created_at_ms, id: row.staff_id });
      return engine.read(function* () {
        return pageOf(yield* staffAfter(bounds), bounds, placeOf, toStaff);
      });
    },
    removeStaff: (staffId) =>
      engine.write(function* () {
        return (yield* remove({ staffId })).length === 1;
      }),
  };
}

const insert = rowsStatement(
  ['staff_id', 'role', 'token_digest', 'created_at_ms'],
  (db, rows: StaffTable[]) =>
    db
      .insertInto('staff')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('staff_id'),
);

const findByToken = statement((db, p: { tokenDigest: string }) =>
  db.selectFrom('staff').selectAll().where('token_digest', '=', p.tokenDigest),
);

const staffAfter = statement((db, p: { ms: number; id: string; rows: number }) =>
  db
    .selectFrom('staff')
    .selectAll()
    .where((eb) => eb(eb.refTuple('created_at_ms', 'staff_id'), '>', eb.tuple(p.ms, p.id)))
    .orderBy('created_at_ms')
    .orderBy('staff_id')
    .limit(atMost(p.rows)),
);

const remove = statement((db, p: { staffId: string }) =>
  db.deleteFrom('staff').where('staff_id', '=', p.staffId).returning('staff_id'),
);
