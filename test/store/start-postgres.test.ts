import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { SCHEMA_VERSION } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open.ts';
import { offered, postgresql, queryOn, type TestDatabase } from './engines.ts';
import { GUARDED_USER } from './postgres-cluster.ts';
import { NOW_MS, newReferral } from './samples.ts';

const PASSWORD = 'private-words';

function open(url: string): Promise<Store> {
  return openStore({ url, clock: { now: () => NOW_MS }, log: silentLog });
}

async function refusalOf(url: string): Promise<string> {
  const error: unknown = await open(url).then(
    (store) => store[Symbol.asyncDispose](),
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({ name: 'Refusal', code: 'BAD_CONFIG' });
  const { message } = error as Error;
  expect(message).not.toMatch(/private-words|srx_guarded|srx_test/);
  return message;
}

function withUrl(url: string, edit: (url: URL) => void): string {
  const edited = new URL(url);
  edit(edited);
  return edited.href;
}

describe('a server that is not there', () => {
  it('is said to be not there, by name or by port', async () => {
    const closed = createServer();
    const port = await new Promise<number>((resolve) =>
      closed.listen(0, '127.0.0.1', () => {
        const address = closed.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      }),
    );
    await new Promise((resolve) => closed.close(resolve));
    const remedy = /does not answer at the host and port of the database URL: start it, or correct/;
    expect(await refusalOf(`postgres://u:private-words@127.0.0.1:${port}/d`)).toMatch(remedy);
    expect(await refusalOf('postgres://u:private-words@no-such-host.invalid/d')).toMatch(remedy);
    expect(await refusalOf('postgres://u@localhost/d?host=/no/private-words')).toMatch(remedy);
  });

  it('cannot be meant by a URL that cannot be read', async () => {
    expect(await refusalOf('postgres://u:private-words@[/d')).toMatch(/cannot be read: write/);
  });
});

describe.skipIf(!postgresql)('a store on PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    if (postgresql) database = await postgresql.create();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  it('syncs every commit, and says so', async () => {
    await using store = await open(database.url);
    expect(await store.checks()).toMatchObject([
      { name: 'durability', isOk: true, found: 'fsync=on, synchronous_commit=on' },
    ]);
  });

  it('syncs them also where the database says otherwise', async () => {
    if (!postgresql) return;
    await using lax = await postgresql.create();
    const name = new URL(lax.url).pathname.slice(1);
    await lax.query(`alter database ${name} set synchronous_commit = off`);
    expect(await lax.query('show synchronous_commit')).toEqual([{ synchronous_commit: 'off' }]);
    await using store = await open(lax.url);
    expect(await store.checks()).toMatchObject([{ found: 'fsync=on, synchronous_commit=on' }]);
  });

  it('has the tables of both when two programs start on a new database', async () => {
    if (!postgresql) return;
    await using fresh = await postgresql.create();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(fresh.url)));
    for (const store of stores) await newReferral(store);
    expect((await stores[0]?.listReferrals(9, '', 0))?.items).toHaveLength(4);
    for (const store of stores) await store[Symbol.asyncDispose]();
    expect(await fresh.query('select max(version) as version from schema_version')).toEqual([
      { version: SCHEMA_VERSION },
    ]);
  });

  it('is refused where commits would not be synced', async () => {
    const url = withUrl(database.url, (u) =>
      u.searchParams.set('options', '-c synchronous_commit=off'),
    );
    expect(await refusalOf(url)).toMatch(/does not keep synchronous_commit=on/);
  });

  it('is refused on a database of a newer program', async () => {
    if (!postgresql) return;
    await using newer = await postgresql.create();
    await (await open(newer.url))[Symbol.asyncDispose]();
    await newer.query('insert into schema_version values (99, 0)');
    expect(await refusalOf(newer.url)).toMatch(
      new RegExp(`version 99, this program knows ${SCHEMA_VERSION}\\. Start the newer`),
    );
  });

  it('is refused on a database with tables of another program, which stay', async () => {
    if (!postgresql) return;
    await using theirs = await postgresql.create();
    await theirs.query('create table message (words text)');
    expect(await refusalOf(theirs.url)).toMatch(/another program: give this node a database/);
    const tables = "select tablename from pg_tables where schemaname = 'public'";
    expect(await theirs.query(tables)).toEqual([{ tablename: 'message' }]);
  });

  it('is refused on a database that is not there', async () => {
    const url = withUrl(database.url, (u) => {
      u.pathname = '/srx_test_none';
    });
    expect(await refusalOf(url)).toMatch(/no such database on the PostgreSQL server: create it/);
  });

  it('is refused on a database that does not hold every letter', async () => {
    if (!offered) return;
    const name = 'srx_test_ascii';
    await queryOn(offered.url, `drop database if exists ${name}`);
    await queryOn(
      offered.url,
      `create database ${name} template template0 encoding 'SQL_ASCII' locale 'C'`,
    );
    const url = withUrl(offered.url, (u) => {
      u.pathname = `/${name}`;
    });
    expect(await refusalOf(url)).toMatch(/not in UTF8: create it anew/);
    await queryOn(offered.url, `drop database ${name}`);
  });
});

// The roles of somebody's server are not ours to make.
describe.skipIf(!offered?.isOurs)('a user of PostgreSQL', () => {
  let database: TestDatabase;
  let url: string;
  beforeAll(async () => {
    if (!postgresql || !offered) return;
    database = await postgresql.create();
    await queryOn(offered.url, `create role ${GUARDED_USER} login password '${PASSWORD}'`);
    url = withUrl(database.url, (u) => {
      u.username = GUARDED_USER;
      u.password = PASSWORD;
    });
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    if (offered) await queryOn(offered.url, `drop role ${GUARDED_USER}`);
  });

  it('with a wrong password, or with none, is told so', async () => {
    const wrong = withUrl(url, (u) => {
      u.password = 'wrong';
    });
    expect(await refusalOf(wrong)).toMatch(/does not take the password/);
    const none = withUrl(url, (u) => {
      u.password = '';
    });
    expect(await refusalOf(none)).toMatch(/asks for a password/);
  });

  it('that is not there is told so', async () => {
    const strange = withUrl(database.url, (u) => {
      u.username = 'srx_test_stranger';
    });
    expect(await refusalOf(strange)).toMatch(/does not let this user in/);
  });

  it('that may not make tables is told so', async () => {
    expect(await refusalOf(url)).toMatch(/may not create tables: make it the owner/);
  });

  it('for whom there is no connection left is told so', async () => {
    if (!offered) return;
    await queryOn(offered.url, `alter role ${GUARDED_USER} connection limit 0`);
    expect(await refusalOf(url)).toMatch(/no connection left for the node: raise/);
  });
});
