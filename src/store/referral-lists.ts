// Referrals as people see them: newest change first, with what is pending.
import type { CaseworkStore } from '#casework/ports.ts';

import type { Engine } from './engine.ts';
import { boundsOf, pageOf } from './pages.ts';
import { toReferral } from './rows.ts';
import { atMost, listStatement, statement } from './statement.ts';
import type { ReferralTable } from './tables.ts';

type Lists = Pick<CaseworkStore, 'listReferrals' | 'countPending'>;

export function referralListsOn(engine: Engine): Lists {
  return {
    listReferrals: async (limit, cursor, sinceMs) => {
      const bounds = boundsOf(limit, cursor, 'newest-first');
      const placeOf = (row: ReferralTable) => ({ ms: row.changed_at_ms, id: row.referral_id });
      return engine.read(function* () {
        const rows = yield* changedBefore({ ...bounds, sinceMs });
        return pageOf(rows, bounds, placeOf, toReferral);
      });
    },
    countPending: (referralIds) =>
      engine.read(function* () {
        const rows = yield* pendingOf({}, referralIds);
        return new Map(rows.map((row) => [row.referral_id, row.messages]));
      }),
  };
}

const changedBefore = statement(
  (db, p: { ms: number; id: string; rows: number; sinceMs: number }) =>
    db
      .selectFrom('referral')
      .selectAll()
      .where((eb) => eb(eb.refTuple('changed_at_ms', 'referral_id'), '<', eb.tuple(p.ms, p.id)))
      .where('changed_at_ms', '>=', p.sinceMs)
      .orderBy('changed_at_ms', 'desc')
      .orderBy('referral_id', 'desc')
      .limit(atMost(p.rows)),
);

/** Own messages without a receipt. */
export const pendingOf = listStatement((db, _: Record<never, never>, referralIds: string[]) =>
  db
    .selectFrom('message')
    .select((eb) => ['referral_id', eb.fn.countAll<number>().as('messages')])
    .where('author', '=', 'own')
    .where('placement', '=', 'placed')
    .where('receipt', 'is', null)
    .where('referral_id', 'in', referralIds)
    .groupBy('referral_id'),
);
