// Work that waits for a person: one task of a kind for a referral.
import type { CaseworkStore } from '#casework/ports.ts';
import type { Task } from '#exchange/ports.ts';

import { removeDeadlines } from './deadlines.ts';
import type { Engine } from './engine.ts';
import { insertEvents } from './outbox.ts';
import { boundsOf, pageOf } from './pages.ts';
import { fromTask, toTask } from './rows.ts';
import { atMost, type Job, listStatement, rowsStatement, statement } from './statement.ts';
import type { TaskTable } from './tables.ts';

export function tasksOn(
  engine: Engine,
): Pick<CaseworkStore, 'listTasks' | 'raiseTask' | 'finishTasks'> {
  return {
    listTasks: async (limit, cursor) => {
      const bounds = boundsOf(limit, cursor, 'oldest-first');
      const placeOf = (row: TaskTable) => ({ ms: row.created_at_ms, id: row.task_id });
      return engine.read(function* () {
        return pageOf(yield* tasksAfter(bounds), bounds, placeOf, toTask);
      });
    },
    raiseTask: (task, events) =>
      engine.write(function* () {
        if ((yield* insert([fromTask(task)])).length > 0) yield* insertEvents(events);
      }),
    finishTasks: (referralId, kinds, deadlines = []) =>
      engine.write(function* () {
        yield* removeTasks(referralId, kinds);
        yield* removeDeadlines(referralId, deadlines);
      }),
  };
}

export function* insertTasks(tasks: readonly Task[]): Job<void> {
  if (tasks.length > 0) yield* insert(tasks.map(fromTask));
}

export function* removeTasks(referralId: string, kinds: readonly string[]): Job<void> {
  if (kinds.length > 0) yield* remove({ referralId }, kinds);
}

const insert = rowsStatement(
  ['task_id', 'referral_id', 'kind', 'created_at_ms'],
  (db, rows: TaskTable[]) =>
    db
      .insertInto('task')
      .values(rows)
      .onConflict((on) => on.doNothing())
      .returning('task_id'),
);

const remove = listStatement((db, p: { referralId: string }, kinds: string[]) =>
  db.deleteFrom('task').where('referral_id', '=', p.referralId).where('kind', 'in', kinds),
);

export const tasksOfKinds = listStatement((db, p: { referralId: string }, kinds: string[]) =>
  db
    .selectFrom('task')
    .select('task_id')
    .where('referral_id', '=', p.referralId)
    .where('kind', 'in', kinds),
);

const tasksAfter = statement((db, p: { ms: number; id: string; rows: number }) =>
  db
    .selectFrom('task')
    .selectAll()
    .where((eb) => eb(eb.refTuple('created_at_ms', 'task_id'), '>', eb.tuple(p.ms, p.id)))
    .orderBy('created_at_ms')
    .orderBy('task_id')
    .limit(atMost(p.rows)),
);
