// The lock on a referral: PostgreSQL takes it on the row, SQLite has one writer.
import { type Job, statement } from './statement.ts';

/** Every write to a referral that does not write its row locks it first. @returns its version */
export function* lockReferral(referralId: string): Job<number | undefined> {
  const [row] = yield* findVersion({ referralId });
  return row?.version;
}

const findVersion = statement((db, p: { referralId: string }, engine) =>
  db
    .selectFrom('referral')
    .select('version')
    .where('referral_id', '=', p.referralId)
    .$if(engine === 'postgresql', (query) => query.forUpdate()),
);
