// Whose turn it is to be delivered. A claim is a lease, so that two workers
// never take the same and a crash loses none.
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely';

import type { ReferralStore } from '#exchange/ports.ts';
import { limits } from '#model/limits.ts';

import type { Db } from './dialects.ts';
import type { Engine } from './engine.ts';
import { toDelivery } from './rows.ts';
import { atMost, statement } from './statement.ts';
import type { DeliveryTable, Tables } from './tables.ts';

type Claims = Pick<ReferralStore, 'claimDeliveries' | 'freeDeliveries' | 'nextDeliveryMs'>;

export function claimsOn(engine: Engine): Claims {
  return {
    claimDeliveries: (nowMs, max, leaseMs) =>
      engine.write(function* () {
        const untilMs = nowMs + leaseMs;
        const rows = [
          ...(yield* claimOvertaking({ nowMs, max: limits.deliverAtOnceMax, untilMs })),
          ...(max > 0 ? yield* claimInOrder({ nowMs, max, untilMs }) : []),
        ];
        return rows.map(toDelivery).toSorted((a, b) => a.dueAtMs - b.dueAtMs || a.seq - b.seq);
      }),
    freeDeliveries: () =>
      engine.write(function* () {
        yield* free({});
      }),
    nextDeliveryMs: () =>
      engine.read(function* () {
        const [row] = yield* findNext({});
        return row?.ready_at_ms ?? null;
      }),
  };
}

type Turn = (
  eb: ExpressionBuilder<Tables & { next: DeliveryTable }, 'next'>,
) => ExpressionWrapper<Tables & { next: DeliveryTable }, 'next', SqlBool>;

/** Literally 1, or the partial index is not used. */
const isOvertaking: Turn = (eb) => eb('next.overtakes', '=', eb.lit(1));

/** The lowest number of its referral. */
const isLowest: Turn = (eb) =>
  eb.not(
    eb.exists(
      eb
        .selectFrom('delivery as earlier')
        .select('earlier.seq')
        .whereRef('earlier.referral_id', '=', 'next.referral_id')
        .whereRef('earlier.seq', '<', 'next.seq'),
    ),
  );

function inTurn(db: Db, turn: Turn) {
  return db.selectFrom('delivery as next').where(turn).orderBy('next.ready_at_ms');
}

const COLUMNS = [
  'delivery.referral_id',
  'delivery.seq',
  'delivery.overtakes',
  'delivery.attempts',
  'delivery.due_at_ms',
  'delivery.leased_until_ms',
  'delivery.ready_at_ms',
] as const;

function claimOf(turn: Turn) {
  return statement((db, p: { nowMs: number; max: number; untilMs: number }, engine) =>
    db
      // Chosen once: a plan that joins may run a subquery again and lock more.
      .with(
        (cte) => cte('due').materialized(),
        () =>
          inTurn(db, turn)
            .select(['next.referral_id', 'next.seq'])
            .where('next.ready_at_ms', '<=', p.nowMs)
            .limit(atMost(p.max))
            .$if(engine === 'postgresql', (query) => query.forUpdate('next').skipLocked()),
      )
      .updateTable('delivery')
      .from('due')
      .set({ leased_until_ms: p.untilMs, ready_at_ms: p.untilMs })
      .whereRef('delivery.referral_id', '=', 'due.referral_id')
      .whereRef('delivery.seq', '=', 'due.seq')
      .returning(COLUMNS),
  );
}

const claimOvertaking = claimOf(isOvertaking);
const claimInOrder = claimOf((eb) => eb.and([eb.not(isOvertaking(eb)), isLowest(eb)]));

const free = statement((db, _: Record<never, never>) =>
  db
    .updateTable('delivery')
    .set((eb) => ({ leased_until_ms: 0, ready_at_ms: eb.ref('due_at_ms') }))
    .where('leased_until_ms', '>', (eb) => eb.lit(0)),
);

const findNext = statement((db, _: Record<never, never>) =>
  inTurn(db, (eb) => eb.or([isOvertaking(eb), isLowest(eb)]))
    .select('next.ready_at_ms')
    .limit(atMost(1)),
);
