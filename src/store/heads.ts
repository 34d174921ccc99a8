// The heads of referrals, many at a time: what two nodes compare after a start.
import { sql } from 'kysely';

import type { ReferralStore, StoredHeads } from '#exchange/ports.ts';

import type { Engine } from './engine.ts';
import { pendingOf } from './referral-lists.ts';
import { toReferral } from './rows.ts';
import { atMost, type Job, listStatement, statement } from './statement.ts';
import type { ReferralTable } from './tables.ts';

type Heads = Pick<ReferralStore, 'listHeads' | 'findHeads'>;

export function headsOn(engine: Engine): Heads {
  return {
    listHeads: (partner, after, max) =>
      engine.read(function* () {
        return yield* headsOf(yield* ofPartner({ partner, after, max }));
      }),
    findHeads: (referralIds) =>
      engine.read(function* () {
        return yield* headsOf(yield* byIds({}, referralIds));
      }),
  };
}

function* headsOf(rows: readonly ReferralTable[]): Job<StoredHeads[]> {
  const ids = rows.map((row) => row.referral_id);
  const beside = countsOf(yield* besideOf({}, ids));
  const pending = countsOf(yield* pendingOf({}, ids));
  return rows.map(toReferral).map(({ referralId, partner, ownHead, peerHead }) => ({
    referralId,
    partner,
    ownHead,
    peerHead,
    beside: beside.get(referralId) ?? 0,
    pending: pending.get(referralId) ?? 0,
  }));
}

function countsOf(rows: readonly { referral_id: string; messages: number }[]): Map<string, number> {
  return new Map(rows.map((row) => [row.referral_id, row.messages]));
}

const ofPartner = statement((db, p: { partner: string; after: string; max: number }) =>
  db
    .selectFrom('referral')
    .selectAll()
    .where('partner', '=', p.partner)
    .where('referral_id', '>', p.after)
    .orderBy('referral_id')
    .limit(atMost(p.max)),
);

const byIds = listStatement((db, _: Record<never, never>, referralIds: string[]) =>
  db.selectFrom('referral').selectAll().where('referral_id', 'in', referralIds),
);

const besideOf = listStatement((db, _: Record<never, never>, referralIds: string[]) =>
  db
    .selectFrom('message')
    .select((eb) => ['referral_id', eb.fn.countAll<number>().as('messages')])
    // Literally, or the partial index is not used.
    .where('placement', '<>', sql.lit('placed'))
    .where('referral_id', 'in', referralIds)
    .groupBy('referral_id'),
);
