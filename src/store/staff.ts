// Staff by the digest of their token, and the record of who opened what.
import type { CaseworkStore } from '#casework/ports.ts';

import type { Engine } from './engine.ts';
import { boundsOf, pageOf } from './pages.ts';
import { toStaff } from './rows.ts';
import { atMost, rowsStatement, statement } from './statement.ts';
import type { AccessTable, CaseAccessTable, StaffTable } from './tables.ts';

type Staff = Pick<
  CaseworkStore,
  | 'insertStaff'
  | 'findStaffByToken'
  | 'listStaff'
  | 'removeStaff'
  | 'insertAccess'
  | 'insertCaseAccess'
>;

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
    insertAccess: ({ referralId, staffId, role, section, openedAtMs }) =>
      engine.write(function* () {
        const row = { referral_id: referralId, staff_id: staffId, role, section };
        yield* insertOpening([{ ...row, opened_at_ms: openedAtMs }]);
      }),
    insertCaseAccess: ({ localCode, staffId, role, openedAtMs }) =>
      engine.write(function* () {
        const row = { local_code: localCode, staff_id: staffId, role };
        yield* insertCaseOpening([{ ...row, opened_at_ms: openedAtMs }]);
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

const insertOpening = rowsStatement(
  ['referral_id', 'staff_id', 'role', 'section', 'opened_at_ms'],
  (db, rows: AccessTable[]) => db.insertInto('access').values(rows),
);

const insertCaseOpening = rowsStatement(
  ['local_code', 'staff_id', 'role', 'opened_at_ms'],
  (db, rows: CaseAccessTable[]) => db.insertInto('case_access').values(rows),
);
