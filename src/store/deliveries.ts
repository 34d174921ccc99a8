// What is on its way to partners: a row for each own message without a receipt,
// until its receipt is here.
import type { NewDelivery, ReferralStore } from '#exchange/ports.ts';

import type { Engine } from './engine.ts';
import { insertEvents } from './outbox.ts';
import { lockReferral } from './referral-lock.ts';
import { type Job, listStatement, rowsStatement, statement } from './statement.ts';
import type { DeliveryTable } from './tables.ts';
import { insertTasks, tasksOfKinds } from './tasks.ts';

type Deliveries = Pick<
  ReferralStore,
  'storeReceipt' | 'postponeDelivery' | 'reportUndelivered' | 'redeliver'
>;

export function deliveriesOn(engine: Engine): Deliveries {
  return {
    storeReceipt: (referralId, seq, receipt, atMs, events) =>
      engine.write(function* () {
        yield* lockReferral(referralId);
        const stored = yield* setReceipt({ referralId, seq, receipt, atMs });
        yield* remove({ referralId, seq });
        // A second receipt is no second fact.
        if (stored.length > 0) yield* insertEvents(events);
      }),
    postponeDelivery: (referralId, seq, dueAtMs) =>
      engine.write(function* () {
        yield* postpone({ referralId, seq, dueAtMs });
      }),
    reportUndelivered: (referralId, seq, tasks, events) =>
      engine.write(function* () {
        yield* lockReferral(referralId);
        const [delivery] = yield* find({ referralId, seq });
        const kinds = tasks.map((task) => task.kind);
        const reported = yield* tasksOfKinds({ referralId }, kinds);
        if (!delivery || reported.length > 0) return;
        yield* insertTasks(tasks);
        yield* insertEvents(events);
      }),
    redeliver: (referralId, seqs, dueAtMs, isUrgent) =>
      engine.write(function* () {
        yield* lockReferral(referralId);
        const rows = yield* ownPlaced({ referralId }, seqs);
        if (rows.length === 0) return;
        const deliveries = rows.map(({ seq, overtakes }) =>
          rowOf(referralId, { seq, overtakes: overtakes === 1, dueAtMs, leasedUntilMs: 0 }),
        );
        yield* isUrgent ? upsert(deliveries) : insert(deliveries);
      }),
  };
}

export function* insertDeliveries(
  referralId: string,
  deliveries: readonly NewDelivery[],
): Job<void> {
  if (deliveries.length > 0) yield* insert(deliveries.map((d) => rowOf(referralId, d)));
}

function rowOf(referralId: string, delivery: NewDelivery): DeliveryTable {
  const { seq, overtakes, dueAtMs, leasedUntilMs } = delivery;
  return {
    referral_id: referralId,
    seq,
    overtakes: overtakes ? 1 : 0,
    attempts: 0,
    due_at_ms: dueAtMs,
    leased_until_ms: leasedUntilMs,
    ready_at_ms: Math.max(dueAtMs, leasedUntilMs),
  };
}

const COLUMNS = [
  'referral_id',
  'seq',
  'overtakes',
  'attempts',
  'due_at_ms',
  'leased_until_ms',
  'ready_at_ms',
] as const satisfies readonly (keyof DeliveryTable)[];

const insert = rowsStatement(COLUMNS, (db, rows: DeliveryTable[]) =>
  db
    .insertInto('delivery')
    .values(rows)
    .onConflict((on) => on.doNothing()),
);

/** A delivery that is under way keeps its lease. */
const upsert = rowsStatement(COLUMNS, (db, rows: DeliveryTable[]) =>
  db
    .insertInto('delivery')
    .values(rows)
    .onConflict((on) =>
      on.columns(['referral_id', 'seq']).doUpdateSet((eb) => ({
        due_at_ms: eb.ref('excluded.due_at_ms'),
        ready_at_ms: eb
          .case()
          .when('delivery.leased_until_ms', '>', eb.ref('excluded.due_at_ms'))
          .then(eb.ref('delivery.leased_until_ms'))
          .else(eb.ref('excluded.due_at_ms'))
          .end(),
      })),
    ),
);

const find = statement((db, p: { referralId: string; seq: number }) =>
  db
    .selectFrom('delivery')
    .select('seq')
    .where('referral_id', '=', p.referralId)
    .where('seq', '=', p.seq),
);

const remove = statement((db, p: { referralId: string; seq: number }) =>
  db.deleteFrom('delivery').where('referral_id', '=', p.referralId).where('seq', '=', p.seq),
);

const postpone = statement((db, p: { referralId: string; seq: number; dueAtMs: number }) =>
  db
    .updateTable('delivery')
    .set((eb) => ({
      attempts: eb('attempts', '+', 1),
      due_at_ms: p.dueAtMs,
      leased_until_ms: 0,
      ready_at_ms: p.dueAtMs,
    }))
    .where('referral_id', '=', p.referralId)
    .where('seq', '=', p.seq),
);

/** The first receipt stays: it is evidence. */
const setReceipt = statement(
  (db, p: { referralId: string; seq: number; receipt: string; atMs: number }) =>
    db
      .updateTable('message')
      .set({ receipt: p.receipt, receipt_at_ms: p.atMs })
      .where('referral_id', '=', p.referralId)
      .where('author', '=', 'own')
      .where('seq', '=', p.seq)
      .where('fork', '=', '')
      .where('receipt', 'is', null)
      .returning('seq'),
);

const ownPlaced = listStatement((db, p: { referralId: string }, seqs: number[]) =>
  db
    .selectFrom('message')
    .select(['seq', 'overtakes'])
    .where('referral_id', '=', p.referralId)
    .where('author', '=', 'own')
    .where('placement', '=', 'placed')
    .where('seq', 'in', seqs),
);
