import {
  chmod,
  mkdir,
  mkdtemp,
  open as openFile,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { SCHEMA_VERSION } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open.ts';
import { NOW_MS, newReferral } from './samples.ts';

const NOBODY = 65_534;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-private-words-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(path: string, log = silentLog): Promise<Store> {
  return openStore({ url: `sqlite:${path}`, clock: { now: () => NOW_MS }, log });
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Root may write anywhere, so it is somebody else for a while. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

async function refusalOf(path: string): Promise<string> {
  const error: unknown = await open(path).then(
    (store) => store[Symbol.asyncDispose](),
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({ name: 'Refusal', code: 'BAD_CONFIG' });
  const { message } = error as Error;
  expect(message).not.toContain('private-words');
  return message;
}

describe('a store on an SQLite file', () => {
  it('is made for its owner alone, in WAL with every commit synced, and says so', async () => {
    const path = join(folder, 'new.db');
    await using store = await open(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(`${path}-wal`)).mode & 0o777).toBe(0o600);
    expect(await store.checks()).toMatchObject([
      { name: 'durability', isOk: true, found: 'journal_mode=wal, synchronous=FULL' },
      { name: 'integrity', isOk: true, found: 'ok' },
    ]);
  });

  it('finds what was written before, and logs which version it found', async () => {
    const path = join(folder, 'srx.db');
    const logged: unknown[] = [];
    const log = {
      ...silentLog,
      info: (event: string, fields?: object) => logged.push({ event, ...fields }),
    };
    const first = await open(path, log);
    const row = await newReferral(first);
    await first[Symbol.asyncDispose]();
    await using second = await open(path, log);
    expect((await second.load(row.referralId)).row).toEqual(row);
    const line = { event: 'store.open', engine: 'sqlite', schema: SCHEMA_VERSION };
    expect(logged).toEqual([
      { ...line, found: 0 },
      { ...line, found: SCHEMA_VERSION },
    ]);
  });

  it('in memory only is said to last no longer than its process', async () => {
    await using store = await openStore({
      url: 'sqlite::memory:',
      clock: { now: () => NOW_MS },
      log: silentLog,
    });
    const [durability] = await store.checks();
    expect(durability).toMatchObject({
      isOk: false,
      found: 'journal_mode=memory, synchronous=FULL',
    });
  });

  it('that is damaged is found out by the check', async () => {
    const path = join(folder, 'srx.db');
    await (await open(path))[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    const page = database.prepare("select rootpage from sqlite_schema where name = 'staff'").get();
    database.close();
    const file = await openFile(path, 'r+');
    await file.write(Buffer.alloc(64, 0xff), 0, 64, (Number(page?.['rootpage']) - 1) * 4096);
    await file.close();
    await using store = await open(path);
    const [, integrity] = await store.checks();
    expect(integrity).toMatchObject({
      isOk: false,
      found: 'damaged',
      remedy: 'Stop the node and restore a backup.',
    });
    await expect(store.listStaff(1, '')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('damaged'),
    });
  });
});

describe('an SQLite file is refused with what to do', () => {
  it('where the database is of a newer program, and left as it is', async () => {
    const path = join(folder, 'srx.db');
    await (await open(path))[Symbol.asyncDispose]();
    change(path, 'insert into schema_version values (99, 0)');
    expect(await refusalOf(path)).toMatch(
      new RegExp(`version 99, this program knows ${SCHEMA_VERSION}\\. Start the newer`),
    );
  });

  it('where the file is no database', async () => {
    const path = join(folder, 'letter.txt');
    const letter = 'Dear reader, this is no database. '.repeat(100);
    await writeFile(path, letter);
    expect(await refusalOf(path)).toMatch(/not an SQLite database: name another file/);
    expect(await readFile(path, 'utf8')).toBe(letter);
  });

  it('where it belongs to another program', async () => {
    const path = join(folder, 'other.db');
    change(path, 'create table recipes (name text)');
    const before = await readFile(path);
    expect(await refusalOf(path)).toMatch(/another program: name a file that is not there yet/);
    expect(await readFile(path)).toEqual(before);
  });

  it('where the folder is missing, or is none, or the path is a folder', async () => {
    const remedy = /its folder must exist and both be writable for the user of the node/;
    expect(await refusalOf(join(folder, 'missing', 'srx.db'))).toMatch(remedy);
    await writeFile(join(folder, 'file'), '');
    expect(await refusalOf(join(folder, 'file', 'srx.db'))).toMatch(remedy);
    expect(await refusalOf(folder)).toMatch(remedy);
  });

  it('where the folder may not be written', async () => {
    const sealed = join(folder, 'sealed');
    await mkdir(sealed, { mode: 0o555 });
    await chmod(folder, 0o755);
    const message = await asNobody(() => refusalOf(join(sealed, 'srx.db')));
    expect(message).toMatch(/writable for the user of the node/);
  });

  it('where the file may not be written', async () => {
    const path = join(folder, 'srx.db');
    await (await open(path))[Symbol.asyncDispose]();
    await chmod(path, 0o444);
    await chmod(folder, 0o755);
    const message = await asNobody(() => refusalOf(path));
    expect(message).toMatch(/writable for the user of the node/);
  });

  it.each(['', 'sqlite:', 'sqlite://srx.db', 'mysql://host/database', 'sqlite:a\0b'])(
    'where the URL is none: %j',
    async (url) => {
      await expect(
        openStore({ url, clock: { now: () => NOW_MS }, log: silentLog }),
      ).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringMatching(/^The database URL is not one: write sqlite:/),
      });
    },
  );
});

describe('an SQLite file that another program keeps locked', () => {
  it('is not opened, and not written; afterwards it is', { timeout: 60_000 }, async () => {
    const path = join(folder, 'srx.db');
    await using store = await open(path);
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    await expect(newReferral(store)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/Another program keeps the database locked/),
    });
    expect((await store.listReferrals(1, '', 0)).items).toEqual([]);
    const startedMs = Date.now();
    expect(await refusalOf(path)).toMatch(/Another program keeps the database locked/);
    expect(Date.now() - startedMs).toBeLessThan(20_000);
    other.exec('commit');
    other.close();
    await newReferral(store);
  });
});
