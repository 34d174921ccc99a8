// Brings a database to the version of this program, in one transaction and
// under a lock, so that several nodes may start at once.
import { type CompiledQuery, sql } from 'kysely';

import type { Clock } from '#model/clock.ts';
import { Refusal } from '#model/refusal.ts';

import { type Db, dialects, type EngineName } from './dialects.ts';
import type { Engine } from './engine.ts';
import { firstSchema } from './migration-1.ts';
import { deadlineSchema } from './migration-2.ts';
import { matterSchema } from './migration-3.ts';
import { erasureSchema } from './migration-4.ts';
import { accessSchema } from './migration-5.ts';
import { consentRecordSchema } from './migration-6.ts';
import { type Job, type Step, statement } from './statement.ts';

/** Statements in order; what is released is never changed, only followed. */
export type Migration = (db: Db, engine: EngineName) => CompiledQuery[];

/** Version 1 is the first. */
const MIGRATIONS: readonly Migration[] = [
  firstSchema,
  deadlineSchema,
  matterSchema,
  erasureSchema,
  accessSchema,
  consentRecordSchema,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** One number for all nodes on a server: who migrates, migrates alone. */
const ADVISORY_LOCK = 737_278_001;

/**
 * @returns the version that was found; 0 for a new database.
 * @throws Refusal BAD_CONFIG if the database is of a newer program.
 */
export async function migrate(engine: Engine, clock: Clock): Promise<number> {
  return engine.write(() => toNewest(engine.name, clock));
}

function* toNewest(engine: EngineName, clock: Clock): Job<number> {
  const db = dialects[engine];
  // BEGIN IMMEDIATE is the lock of SQLite.
  if (engine === 'postgresql') {
    yield stepOf(sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.compile(db));
  }
  yield stepOf(versionTable(db));
  const [newest] = yield* findVersion({});
  const found = newest?.version ?? 0;
  if (found > SCHEMA_VERSION) throw newerDatabase(found);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < found) continue;
    for (const query of migration(db, engine)) yield stepOf(query);
    yield* insertVersion({ version: index + 1, atMs: clock.now() });
  }
  return found;
}

const findVersion = statement((db, _: Record<never, never>) =>
  db.selectFrom('schema_version').select('version').orderBy('version', 'desc').limit(1),
);

const insertVersion = statement((db, p: { version: number; atMs: number }) =>
  db.insertInto('schema_version').values({ version: p.version, applied_at_ms: p.atMs }),
);

function versionTable(db: Db): CompiledQuery {
  return db.schema
    .createTable('schema_version')
    .ifNotExists()
    .addColumn('version', 'integer', (c) => c.primaryKey())
    .addColumn('applied_at_ms', 'bigint', (c) => c.notNull())
    .compile();
}

function stepOf({ sql: text, parameters }: CompiledQuery): Step {
  // The empty name: PostgreSQL keeps no plan of what runs once.
  return { name: '', sql: () => ({ text, values: parameters }) };
}

function newerDatabase(found: number): Refusal {
  return new Refusal(
    'BAD_CONFIG',
    `The database is of a newer program: its schema is version ${found}, this program knows ${SCHEMA_VERSION}. Start the newer program, or restore a backup from before the upgrade.`,
  );
}
