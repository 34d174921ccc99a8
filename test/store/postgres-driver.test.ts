import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { openStore, type Store } from '#store/open.ts';
import { offered, postgresql, type TestDatabase } from './engines.ts';
import { changeOf, eventOf, NOW_MS, newReferral, rowOf } from './samples.ts';

// Its settings are those of the owner of the server.
describe.skipIf(!postgresql || !offered?.isOurs)('beside others on a PostgreSQL server', () => {
  let database: TestDatabase;
  let store: Store;
  let other: pg.Client;
  beforeAll(async () => {
    if (!postgresql) return;
    database = await postgresql.create();
    // A slow machine has time to make a deadlock before the server looks for one.
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`alter database ${name} set deadlock_timeout = '2500ms'`);
    store = await openStore({ url: database.url, clock: { now: () => NOW_MS }, log: silentLog });
    other = new pg.Client({ connectionString: database.url });
    await other.connect();
  });
  afterAll(async () => {
    await other.end();
    await store[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('a write that the server ends for a deadlock is tried again, and written once', async () => {
    const row = await newReferral(store);
    const { referralId } = row;
    const event = eventOf(referralId);
    // The other one never looks for deadlocks itself, so ours is the one to go.
    await other.query("set deadlock_timeout = '1min'");
    await other.query('begin');
    const theirs = 'insert into outbox (event_id, published, event) values ($1, 0, $2)';
    await other.query(theirs, [event.eventId, '{}']);
    const change = changeOf({ expectVersion: 1, row: { ...row, version: 2 }, events: [event] });
    const committed = store.commit(referralId, change);
    await expect.poll(waiting).toBe(1);
    await other.query('select 1 from referral where referral_id = $1 for update', [referralId]);
    await other.query('rollback');
    expect(await committed).toBe(true);
    expect(await store.findPosition(event.eventId)).not.toBeNull();
    expect((await store.load(referralId)).row?.version).toBe(2);
    const deadlocks = 'select deadlocks from pg_stat_database where datname = current_database()';
    await expect
      .poll(async () => Number((await database.query(deadlocks))[0]?.['deadlocks']))
      .toBe(1);
  });

  it('a write that waits too long for a lock is refused, and may be tried again', async () => {
    const row = await newReferral(store);
    await other.query('begin');
    await other.query('select 1 from referral where referral_id = $1 for update', [row.referralId]);
    const change = changeOf({ expectVersion: 1, row: { ...row, version: 2 } });
    await expect(store.commit(row.referralId, change)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('try again later'),
    });
    await other.query('rollback');
    expect(await store.commit(row.referralId, change)).toBe(true);
  });

  it('a write whose connection the operator ends is refused, whole, and the next one works', async () => {
    const row = rowOf();
    await other.query('begin');
    await other.query('lock table outbox in exclusive mode');
    const change = changeOf({ row, events: [eventOf(row.referralId)] });
    const committed = store.commit(row.referralId, change);
    const refused = expect(committed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect.poll(waiting).toBe(1);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where wait_event_type = 'Lock' and datname = current_database()`,
    );
    await refused;
    await other.query('rollback');
    expect((await store.load(row.referralId)).row).toBeNull();
    expect(await store.commit(row.referralId, change)).toBe(true);
  });

  /** Who waits for a lock. */
  async function waiting(): Promise<number> {
    const rows = await database.query(
      `select pid from pg_stat_activity
       where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return rows.length;
  }
});
