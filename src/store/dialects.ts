// Kysely writes the SQL of both engines; the drivers beside it run it. So a
// query is compiled once, and SQLite runs it without a promise in between.
import {
  type Dialect,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

import type { Tables } from './tables.ts';

export type EngineName = 'sqlite' | 'postgresql';
export type Db = Kysely<Tables>;

const sqlite: Dialect = {
  createAdapter: () => new SqliteAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

const postgresql: Dialect = {
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new DummyDriver(),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};

export const dialects: Readonly<Record<EngineName, Db>> = {
  sqlite: new Kysely<Tables>({ dialect: sqlite }),
  postgresql: new Kysely<Tables>({ dialect: postgresql }),
};
