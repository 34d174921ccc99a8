// The engines that tests run on, and an empty database on each. PostgreSQL is
// asked for once a run; where it is missing its tests show as skipped.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { text } from 'node:stream/consumers';

import pg from 'pg';
import { inject } from 'vitest';

import type { EngineName } from '#store/dialects.ts';
import type { Answer, Offer } from './postgres-setup.ts';

export type TestDatabase = AsyncDisposable & {
  /** For openStore. */
  url: string;
  /** Behind the back of the store. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Takes out every row; the tables stay. */
  empty(): Promise<void>;
};

export type TestEngine = { name: EngineName; create(): Promise<TestDatabase> };

const TABLES =
  'consent_record matter_entry matter access_line access_head access_reported deadline delivery task section message outbox handled_event watermark local_case staff referral'.split(
    ' ',
  );

export const sqlite: TestEngine = {
  name: 'sqlite',
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'srx-store-'));
    const file = join(folder, 'srx.db');
    const on = <T>(use: (database: DatabaseSync) => T): T => {
      const database = new DatabaseSync(file, { timeout: 5000 });
      try {
        return use(database);
      } finally {
        database.close();
      }
    };
    return {
      url: `sqlite:${file}`,
      query: async (sql, values = []) =>
        on((database) => database.prepare(sql).all(...(values as SQLInputValue[]))),
      empty: async () =>
        on((database) => {
          for (const table of TABLES) database.exec(`delete from ${table}`);
        }),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
};

/** Null where there is no PostgreSQL. */
export const offered: Offer | null = await askForPostgres();

export const postgresql: TestEngine | null = offered && {
  name: 'postgresql',
  async create() {
    const name = `srx_test_${randomBytes(6).toString('hex')}`;
    await queryOn(offered.url, `create database ${name} template template0 ${collation(offered)}`);
    const url = new URL(offered.url);
    url.pathname = `/${name}`;
    return {
      url: url.href,
      query: (sql, values) => queryOn(url.href, sql, values),
      empty: async () => {
        // Much faster than truncate, which makes new files.
        await queryOn(url.href, TABLES.map((table) => `delete from ${table}`).join(';'));
      },
      async [Symbol.asyncDispose]() {
        await queryOn(offered.url, `drop database ${name} with (force)`);
      },
    };
  },
};

export const engines: readonly TestEngine[] = postgresql ? [sqlite, postgresql] : [sqlite];

// Not the order of bytes: what depends on the collation of the server shows.
function collation({ isOurs }: Offer): string {
  return isOurs ? "encoding 'UTF8' locale_provider icu icu_locale 'en'" : "encoding 'UTF8'";
}

async function askForPostgres(): Promise<Offer | null> {
  const answer = JSON.parse(await text(connect(inject('postgresDoor')))) as Answer;
  if ('error' in answer) throw new Error(`PostgreSQL is here but does not start: ${answer.error}`);
  return answer.offer;
}

export async function queryOn(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that ends meanwhile shows at the query.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
