// The engine on node:sqlite: one writing connection behind the queue, and a
// read-only one beside it, which never waits for the writer (WAL).
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { Engine, StoreCheck } from './engine.ts';
import { soundnessOf } from './sqlite-check.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { isBusy, refusalAtStart, refusalAtWork } from './sqlite-faults.ts';
import { closed, type Transactions, WriteQueue } from './write-queue.ts';

const MEMORY = ':memory:';
const FULL = 2;
const IN_MEMORY = 2;

/**
 * @param path of the file, or `:memory:`.
 * @throws Refusal BAD_CONFIG if it cannot be used as a database of this program.
 */
export async function openSqlite(path: string): Promise<Engine> {
  let writer: SqliteConnection | undefined;
  try {
    if (path !== MEMORY) createPrivate(path);
    writer = new SqliteConnection(path, false);
    await prepareWriter(writer, path);
    const reader = path === MEMORY ? writer : new SqliteConnection(path, true);
    return engineOf(writer, reader, path);
  } catch (error) {
    writer?.close();
    throw refusalAtStart(error);
  }
}

function engineOf(writer: SqliteConnection, reader: SqliteConnection, path: string): Engine {
  const queue = new WriteQueue(transactionsOf(writer));
  let isClosed = false;
  return {
    name: 'sqlite',
    async read(job) {
      if (isClosed) throw closed();
      try {
        return reader.run(job());
      } catch (error) {
        throw refusalAtWork(error);
      }
    },
    write: (job) => queue.write(() => writer.run(job())),
    async checks() {
      if (isClosed) throw closed();
      return checksOf(writer, path);
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      await queue[Symbol.asyncDispose]();
      isClosed = true;
      if (reader !== writer) reader.close();
      writer.close();
    },
  };
}

// SQLite would make it readable for everybody; its -wal and -shm take the mode over.
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'The database file cannot be opened: its folder must exist and both be writable for the user of the node.',
      { cause },
    );
  }
}

async function prepareWriter(writer: SqliteConnection, path: string): Promise<void> {
  refuseStranger(writer);
  const journal = await withoutBusy(() => writer.value('PRAGMA journal_mode = WAL'));
  writer.exec('PRAGMA synchronous = FULL');
  writer.exec(`PRAGMA wal_autocheckpoint = ${limits.sqliteWalPages}`);
  writer.exec(`PRAGMA cache_size = ${-limits.sqliteCacheBytes / 1024}`);
  const settings = {
    'journal_mode=WAL': path === MEMORY || journal === 'wal',
    'synchronous=FULL': writer.value('PRAGMA synchronous') === FULL,
    'temp_store=MEMORY': writer.value('PRAGMA temp_store') === IN_MEMORY,
    foreign_keys: writer.value('PRAGMA foreign_keys') === 1,
    busy_timeout: writer.value('PRAGMA busy_timeout') === limits.sqlBusyMs,
  };
  for (const [name, isSet] of Object.entries(settings)) {
    if (isSet) continue;
    throw new Refusal(
      'BAD_CONFIG',
      `SQLite does not take ${name} for the database file: put it on a local disk.`,
    );
  }
}

/** A file with tables of somebody else is left as it is. */
function refuseStranger(writer: SqliteConnection): void {
  const tables = writer.value("SELECT count(*) FROM sqlite_master WHERE type = 'table'");
  const isOurs = writer.value(
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
  );
  if (tables === 0 || isOurs === 1) return;
  throw new Refusal(
    'BAD_CONFIG',
    'The database file belongs to another program: name a file that is not there yet.',
  );
}

// SQLite does not wait by itself when two programs turn to WAL at once.
async function withoutBusy<T>(run: () => T): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || tries > limits.sqlRetriesMax) throw error;
      await sleep(50 * tries);
    }
  }
}

function transactionsOf(writer: SqliteConnection): Transactions {
  return {
    begin: () => void writer.all('BEGIN IMMEDIATE'),
    commit: () => void writer.all('COMMIT'),
    rollback: () => void writer.all('ROLLBACK'),
    savepoint: () => void writer.all('SAVEPOINT job'),
    release: () => void writer.all('RELEASE job'),
    rollbackToSavepoint: () => void writer.all('ROLLBACK TO job'),
    isOpen: () => writer.isInTransaction,
    refusalOf: refusalAtWork,
  };
}

async function checksOf(writer: SqliteConnection, path: string): Promise<StoreCheck[]> {
  const journal = String(writer.value('PRAGMA journal_mode'));
  const synchronous = writer.value('PRAGMA synchronous') === FULL ? 'FULL' : 'weaker';
  const soundness = path === MEMORY ? 'ok' : await soundnessOf(path);
  return [
    {
      name: 'durability',
      isOk: synchronous === 'FULL' && journal === 'wal',
      found: `journal_mode=${journal}, synchronous=${synchronous}`,
      remedy: 'Nothing is kept in memory: name a file, sqlite:/path/to/file.db.',
    },
    {
      name: 'integrity',
      isOk: soundness === 'ok',
      found: soundness,
      remedy: 'Stop the node and restore a backup.',
    },
  ];
}
