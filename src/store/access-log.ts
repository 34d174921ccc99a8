// The access log on SQL: only ever added to. Its number is its lock: who writes
// second finds it taken, and writes behind the first.
import type { AccessStore } from '#casework/ports.ts';
import type { AccessLine } from '#model/access-line.ts';

import { setDeadlineOnce } from './deadlines.ts';
import type { Engine } from './engine.ts';
import { atMost, rowsStatement, statement } from './statement.ts';
import type { AccessHeadTable, AccessLineTable, AccessReportedTable } from './tables.ts';

export function accessLogOn(engine: Engine): AccessStore {
  return {
    appendAccess: (line, head, report) =>
      engine.write(function* () {
        if ((yield* insert([fromLine(line)])).length === 0) return false;
        yield* setHead([{ head_id: 1, jws: head }]);
        if (report) yield* setDeadlineOnce(report.referralId, report, line.openedAtMs);
        return true;
      }),
    lastAccess: () =>
      engine.read(function* () {
        const [row] = yield* findLast({});
        const [head] = yield* findHead({});
        return { line: row ? toLine(row) : null, head: head?.jws ?? null };
      }),
    accessAfter: (number, max) =>
      engine.read(function* () {
        return (yield* after({ number, rows: max })).map(toLine);
      }),
    accessOfReferral: (referralId, number, max) =>
      engine.read(function* () {
        return (yield* ofReferral({ referralId, number, rows: max })).map(toLine);
      }),
    accessOfCase: (localCode, number, max) =>
      engine.read(function* () {
        return (yield* ofCase({ localCode, number, rows: max })).map(toLine);
      }),
    reportedAccess: (referralId) =>
      engine.read(function* () {
        const [row] = yield* findReported({ referralId });
        return row?.number ?? 0;
      }),
    markAccessReported: (referralId, number) =>
      engine.write(function* () {
        yield* setReported([{ referral_id: referralId, number }]);
      }),
  };
}

function fromLine(line: AccessLine): AccessLineTable {
  return {
    number: line.number,
    digest: line.digest,
    previous: line.previous,
    referral_id: line.referralId,
    local_code: line.localCode,
    section: line.section,
    staff_id: line.staffId,
    role: line.role,
    why: line.why,
    opened_at_ms: line.openedAtMs,
  };
}

function toLine(row: AccessLineTable): AccessLine {
  return {
    number: row.number,
    digest: row.digest,
    previous: row.previous,
    referralId: row.referral_id,
    localCode: row.local_code,
    section: row.section,
    staffId: row.staff_id,
    role: row.role,
    why: row.why,
    openedAtMs: row.opened_at_ms,
  };
}

const COLUMNS = [
  'number',
  'digest',
  'previous',
  'referral_id',
  'local_code',
  'section',
  'staff_id',
  'role',
  'why',
  'opened_at_ms',
] as const satisfies readonly (keyof AccessLineTable)[];

const insert = rowsStatement(COLUMNS, (db, rows: AccessLineTable[]) =>
  db
    .insertInto('access_line')
    .values(rows)
    .onConflict((on) => on.doNothing())
    .returning('number'),
);

const setHead = rowsStatement(['head_id', 'jws'], (db, rows: AccessHeadTable[]) =>
  db
    .insertInto('access_head')
    .values(rows)
    .onConflict((on) =>
      on.column('head_id').doUpdateSet((eb) => ({ jws: eb.ref('excluded.jws') })),
    ),
);

const findLast = statement((db, _: Record<never, never>) =>
  db
    .selectFrom('access_line')
    .selectAll()
    .where('number', '>', 0)
    .orderBy('number', 'desc')
    .limit(1),
);

const findHead = statement((db, _: Record<never, never>) =>
  db.selectFrom('access_head').select('jws').where('head_id', '=', 1),
);

const after = statement((db, p: { number: number; rows: number }) =>
  db
    .selectFrom('access_line')
    .selectAll()
    .where('number', '>', p.number)
    .orderBy('number')
    .limit(atMost(p.rows)),
);

const ofReferral = statement((db, p: { referralId: string; number: number; rows: number }) =>
  db
    .selectFrom('access_line')
    .selectAll()
    .where('referral_id', '=', p.referralId)
    .where('number', '>', p.number)
    .orderBy('number')
    .limit(atMost(p.rows)),
);

const ofCase = statement((db, p: { localCode: string; number: number; rows: number }) =>
  db
    .selectFrom('access_line')
    .selectAll()
    .where('local_code', '=', p.localCode)
    .where('number', '>', p.number)
    .orderBy('number')
    .limit(atMost(p.rows)),
);

const findReported = statement((db, p: { referralId: string }) =>
  db.selectFrom('access_reported').select('number').where('referral_id', '=', p.referralId),
);

const setReported = rowsStatement(['referral_id', 'number'], (db, rows: AccessReportedTable[]) =>
  db
    .insertInto('access_reported')
    .values(rows)
    .onConflict((on) =>
      on.column('referral_id').doUpdateSet((eb) => ({ number: eb.ref('excluded.number') })),
    ),
);
