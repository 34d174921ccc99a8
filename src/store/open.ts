// The store of a node: one set of queries on the engine that the URL names.
import type { CaseworkStore } from '#casework/ports.ts';
import type { ReferralStore } from '#exchange/ports.ts';
import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import type { DeadlineStore, Outbox } from '#tracking/ports.ts';

import { accessLogOn } from './access-log.ts';
import { casesOn } from './cases.ts';
import { claimsOn } from './claims.ts';
import { consentRecordsOn } from './consent-records.ts';
import { deadlinesOn } from './deadlines.ts';
import { deliveriesOn } from './deliveries.ts';
import type { EngineName } from './dialects.ts';
import type { Engine, StoreCheck } from './engine.ts';
import { headsOn } from './heads.ts';
import { mattersOn } from './matters.ts';
import { messagesOn } from './messages.ts';
import { migrate, SCHEMA_VERSION } from './migrations.ts';
import { outboxOn } from './outbox.ts';
import { openPostgres } from './postgres-driver.ts';
import { refusalAtStart as refusalOfPostgres } from './postgres-faults.ts';
import { referralListsOn } from './referral-lists.ts';
import { referralsOn } from './referrals.ts';
import { removalsOn } from './removals.ts';
import { sectionsOn } from './sections.ts';
import { openSqlite } from './sqlite-driver.ts';
import { refusalAtStart as refusalOfSqlite } from './sqlite-faults.ts';
import { staffOn } from './staff.ts';
import { tasksOn } from './tasks.ts';

export type StoreOptions = {
  /** `sqlite:/path/to/file.db`, `sqlite::memory:` or `postgres://…`. */
  url: string;
  clock: Clock;
  log: Log;
};

export type Store = ReferralStore &
  CaseworkStore &
  Outbox &
  DeadlineStore &
  AsyncDisposable & {
    readonly engine: EngineName;
    /** For the doctor. */
    checks(): Promise<StoreCheck[]>;
  };

/**
 * Opens the database, brings it to this program's version, and asserts what a
 * commit promises. What waits is still written when the store is disposed.
 * @throws Refusal BAD_CONFIG, with the remedy.
 */
export async function openStore({ url, clock, log }: StoreOptions): Promise<Store> {
  const engine = await openEngine(url, log);
  try {
    const found = await migrate(engine, clock);
    log.info('store.open', { engine: engine.name, schema: SCHEMA_VERSION, found });
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw engine.name === 'sqlite' ? refusalOfSqlite(error) : refusalOfPostgres(error);
  }
  return {
    ...referralsOn(engine, clock),
    ...headsOn(engine),
    ...messagesOn(engine),
    ...deliveriesOn(engine),
    ...claimsOn(engine),
    ...sectionsOn(engine),
    ...referralListsOn(engine),
    ...casesOn(engine),
    ...staffOn(engine),
    ...accessLogOn(engine),
    ...tasksOn(engine),
    ...mattersOn(engine),
    ...consentRecordsOn(engine),
    ...removalsOn(engine),
    ...deadlinesOn(engine),
    ...outboxOn(engine),
    engine: engine.name,
    checks: () => engine.checks(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function openEngine(url: string, log: Log): Promise<Engine> {
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, log);
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path !== undefined && !path.startsWith('//') && !path.includes('\0')) {
    return openSqlite(path);
  }
  throw new Refusal(
    'BAD_CONFIG',
    'The database URL is not one: write sqlite:/path/to/file.db or postgres://user:password@host:port/database.',
  );
}
