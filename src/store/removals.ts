// The end of a referral's evidence: every row of it goes, in one transaction; and which
// referrals nobody ended, to know when theirs comes.
import { sql } from 'kysely';

import type { CaseworkStore } from '#casework/ports.ts';
import type { Status } from '#model/crossing.ts';

import type { Engine } from './engine.ts';
import { atMost, type Job, statement } from './statement.ts';

/** Of these a step tells when they ended, and the deadlines come with it. */
const ENDED: readonly Status[] = [
  'completed',
  'declined',
  'cancelled',
  'expired',
  'failed',
  'withdrawn',
  'entered-in-error',
];

export function removalsOn(
  engine: Engine,
): Pick<CaseworkStore, 'openEndedReferrals' | 'removeReferral'> {
  return {
    openEndedReferrals: (changedBeforeMs, after, max) =>
      engine.read(function* () {
        const rows = yield* openEnded({ changedBeforeMs, ...after, rows: max });
        return rows.map((row) => ({
          referralId: row.referral_id,
          changedAtMs: row.changed_at_ms,
        }));
      }),
    removeReferral: (referralId) => engine.write(() => removeAll(referralId)),
  };
}

function* removeAll(referralId: string): Job<void> {
  for (const remove of REMOVALS) yield* remove({ referralId });
}

const openEnded = statement(
  (db, p: { changedBeforeMs: number; ms: number; id: string; rows: number }) =>
    db
      .selectFrom('referral')
      .select(['referral_id', 'changed_at_ms'])
      .where((eb) => eb(eb.refTuple('changed_at_ms', 'referral_id'), '>', eb.tuple(p.ms, p.id)))
      .where('changed_at_ms', '<=', p.changedBeforeMs)
      .where('status', 'not in', sql<Status>`(${sql.join(ENDED.map((status) => sql.lit(status)))})`)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('deadline')
              .select('deadline.kind')
              .whereRef('deadline.referral_id', '=', 'referral.referral_id')
              .where('deadline.kind', '=', sql.lit('remove-evidence')),
          ),
        ),
      )
      .orderBy('changed_at_ms')
      .orderBy('referral_id')
      .limit(atMost(p.rows)),
);

/**
 * What points to a row goes before it. Entries of matters go with their matter. The lines of
 * the access log stay: they are one chain, and name nobody but the staff.
 */
const REMOVALS = [
  removal('matter'),
  removal('access_reported'),
  removal('deadline'),
  removal('delivery'),
  removal('task'),
  removal('section'),
  removal('message'),
  removal('referral'),
];

function removal(
  table:
    | 'matter'
    | 'access_reported'
    | 'deadline'
    | 'delivery'
    | 'task'
    | 'section'
    | 'message'
    | 'referral',
) {
  return statement((db, p: { referralId: string }) =>
    db.deleteFrom(table).where('referral_id', '=', p.referralId),
  );
}
