// Referrals and their one way to change: all of a step, or nothing when
// somebody else was faster.
import type { ReferralChange, ReferralStore } from '#exchange/ports.ts';
import type { Clock } from '#model/clock.ts';

import { removeDeadlines, setDeadlines } from './deadlines.ts';
import { insertDeliveries } from './deliveries.ts';
import { type Engine, Rollback } from './engine.ts';
import { insertMessages, messagesOf, place } from './messages.ts';
import { insertEvents } from './outbox.ts';
import { lockReferral } from './referral-lock.ts';
import { fromReferral, toMessage, toReferral } from './rows.ts';
import { storeSections } from './sections.ts';
import { type Job, rowsStatement, statement } from './statement.ts';
import type { ReferralTable } from './tables.ts';
import { insertTasks, removeTasks } from './tasks.ts';

type Referrals = Pick<ReferralStore, 'load' | 'commit' | 'markCompared'>;

export function referralsOn(engine: Engine, clock: Clock): Referrals {
  return {
    load: (referralId) =>
      engine.read(function* () {
        // The row first: a change in between makes it old, and its commit is refused.
        const [row] = yield* findReferral({ referralId });
        const messages = yield* messagesOf({ referralId });
        return { row: row ? toReferral(row) : null, messages: messages.map(toMessage) };
      }),
    commit: (referralId, change) => {
      assertWhole(referralId, change);
      return engine.write(() => commit(referralId, change, clock.now()));
    },
    markCompared: (referralId, boot) =>
      engine.write(function* () {
        yield* setCompared({ referralId, boot });
      }),
  };
}

function* commit(referralId: string, change: ReferralChange, nowMs: number): Job<boolean> {
  if (!(yield* isStillThere(referralId, change))) throw new Rollback(false);
  const overtaking = new Set(change.deliveries.filter((d) => d.overtakes).map((d) => d.seq));
  const inserted = yield* insertMessages(change.insert, overtaking);
  // Another one of a referral that is not known yet, which has no version to tell.
  if (inserted < change.insert.length) throw new Rollback(false);
  for (const placed of change.place) yield* place(referralId, placed, nowMs);
  yield* storeSections(change.sections);
  yield* insertDeliveries(referralId, change.deliveries);
  yield* removeTasks(referralId, change.doneTasks);
  yield* insertTasks(change.tasks);
  yield* removeDeadlines(referralId, change.goneDeadlines);
  yield* setDeadlines(referralId, change.deadlines);
  yield* insertEvents(change.events);
  return true;
}

/** Takes the lock on the row by writing it; false when its version has moved on. */
function* isStillThere(referralId: string, { row, expectVersion }: ReferralChange): Job<boolean> {
  if (row === null) {
    const found = yield* lockReferral(referralId);
    return (found ?? 0) === expectVersion;
  }
  const columns = fromReferral(row);
  const written =
    expectVersion === 0
      ? yield* insertReferral([columns])
      : yield* updateReferral({ ...columns, expectVersion });
  return written.length === 1;
}

function assertWhole(referralId: string, change: ReferralChange): void {
  const { row, expectVersion, insert, sections, tasks } = change;
  const own = [...(row ? [row] : []), ...insert, ...sections, ...tasks];
  if (own.some((part) => part.referralId !== referralId)) {
    throw new Error('a change of one referral names another');
  }
  if (row && row.version !== expectVersion + 1) {
    throw new Error('a change does not raise the version by one');
  }
}

const COLUMNS = [
  'referral_id',
  'partner',
  'side',
  'case_code',
  'local_code',
  'version',
  'own_seq',
  'own_digest',
  'peer_seq',
  'peer_digest',
  'status',
  'compared_boot',
  'created_at_ms',
  'changed_at_ms',
  'erasure',
] as const satisfies readonly (keyof ReferralTable)[];

const findReferral = statement((db, p: { referralId: string }) =>
  db.selectFrom('referral').selectAll().where('referral_id', '=', p.referralId),
);

const insertReferral = rowsStatement(COLUMNS, (db, rows: ReferralTable[]) =>
  db
    .insertInto('referral')
    .values(rows)
    .onConflict((on) => on.doNothing())
    .returning('version'),
);

const updateReferral = statement((db, p: ReferralTable & { expectVersion: number }) =>
  db
    .updateTable('referral')
    .set({
      partner: p.partner,
      side: p.side,
      case_code: p.case_code,
      local_code: p.local_code,
      version: p.version,
      own_seq: p.own_seq,
      own_digest: p.own_digest,
      peer_seq: p.peer_seq,
      peer_digest: p.peer_digest,
      status: p.status,
      compared_boot: p.compared_boot,
      changed_at_ms: p.changed_at_ms,
      erasure: p.erasure,
    })
    .where('referral_id', '=', p.referral_id)
    .where('version', '=', p.expectVersion)
    .returning('version'),
);

// The version grows, so that a commit which read the row before is refused and
// does not take the mark back.
const setCompared = statement((db, p: { referralId: string; boot: string }) =>
  db
    .updateTable('referral')
    .set((eb) => ({ compared_boot: p.boot, version: eb('version', '+', 1) }))
    .where('referral_id', '=', p.referralId)
    .where('compared_boot', 'is distinct from', p.boot),
);
