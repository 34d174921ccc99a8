// What the clock will ask of this node: set with the step that it follows from,
// listed when it is due.
import type { Deadline } from '#model/deadlines.ts';
import type { DeadlineStore, DueDeadline } from '#tracking/ports.ts';

import type { Engine } from './engine.ts';
import { atMost, type Job, listStatement, rowsStatement, statement } from './statement.ts';
import type { DeadlineTable } from './tables.ts';

export function deadlinesOn(engine: Engine): DeadlineStore {
  return {
    dueDeadlines: (nowMs, max) =>
      engine.read(function* () {
        return (yield* findDue({ nowMs, rows: max })).map(toDue);
      }),
    setDeadline: (referralId, deadline) =>
      engine.write(function* () {
        yield* setDeadlines(referralId, [deadline]);
      }),
    finishDeadline: ({ referralId, kind, dueAtMs }) =>
      engine.write(function* () {
        yield* finish({ referralId, kind, dueAtMs });
      }),
    postponeDeadline: ({ referralId, kind, dueAtMs }, toMs) =>
      engine.write(function* () {
        yield* postpone({ referralId, kind, dueAtMs, toMs });
      }),
  };
}

export function* setDeadlines(referralId: string, deadlines: readonly Deadline[]): Job<void> {
  if (deadlines.length === 0) return;
  yield* upsert(
    deadlines.map(({ kind, dueAtMs }) => {
      return { referral_id: referralId, kind, due_at_ms: dueAtMs };
    }),
  );
}

/**
 * One of its kind that stands keeps its time. One that is due may be at work already, and past what
 * is new: it is moved by a millisecond, so that the work that ends does not finish it.
 */
export function* setDeadlineOnce(
  referralId: string,
  { kind, dueAtMs }: Deadline,
  nowMs: number,
): Job<void> {
  const added = yield* insertOnce([{ referral_id: referralId, kind, due_at_ms: dueAtMs }]);
  if (added.length === 0) yield* nudge({ referralId, kind, nowMs });
}

export function* removeDeadlines(referralId: string, kinds: readonly string[]): Job<void> {
  if (kinds.length > 0) yield* remove({ referralId }, kinds);
}

function toDue({ referral_id, kind, due_at_ms }: DeadlineTable): DueDeadline {
  return { referralId: referral_id, kind, dueAtMs: due_at_ms };
}

const upsert = rowsStatement(['referral_id', 'kind', 'due_at_ms'], (db, rows: DeadlineTable[]) =>
  db
    .insertInto('deadline')
    .values(rows)
    .onConflict((on) =>
      on
        .columns(['referral_id', 'kind'])
        .doUpdateSet((eb) => ({ due_at_ms: eb.ref('excluded.due_at_ms') })),
    ),
);

const insertOnce = rowsStatement(
  ['referral_id', 'kind', 'due_at_ms'],
  (db, rows: DeadlineTable[]) =>
    db
      .insertInto('deadline')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('kind'),
);

const nudge = statement((db, p: { referralId: string; kind: string; nowMs: number }) =>
  db
    .updateTable('deadline')
    .set((eb) => ({ due_at_ms: eb('due_at_ms', '+', 1) }))
    .where('referral_id', '=', p.referralId)
    .where('kind', '=', p.kind)
    .where('due_at_ms', '<=', p.nowMs),
);

const remove = listStatement((db, p: { referralId: string }, kinds: string[]) =>
  db.deleteFrom('deadline').where('referral_id', '=', p.referralId).where('kind', 'in', kinds),
);

const findDue = statement((db, p: { nowMs: number; rows: number }) =>
  db
    .selectFrom('deadline')
    .selectAll()
    .where('due_at_ms', '<=', p.nowMs)
    .orderBy('due_at_ms')
    .orderBy('referral_id')
    .orderBy('kind')
    .limit(atMost(p.rows)),
);

/** One that was set anew meanwhile stays. */
const finish = statement((db, p: { referralId: string; kind: string; dueAtMs: number }) =>
  db
    .deleteFrom('deadline')
    .where('referral_id', '=', p.referralId)
    .where('kind', '=', p.kind)
    .where('due_at_ms', '=', p.dueAtMs),
);

const postpone = statement(
  (db, p: { referralId: string; kind: string; dueAtMs: number; toMs: number }) =>
    db
      .updateTable('deadline')
      .set({ due_at_ms: p.toMs })
      .where('referral_id', '=', p.referralId)
      .where('kind', '=', p.kind)
      .where('due_at_ms', '=', p.dueAtMs),
);
