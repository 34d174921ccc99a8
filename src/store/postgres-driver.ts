// The engine on PostgreSQL: a transaction for each job on a connection of the
// pool, driven by the same jobs as SQLite.
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';

import { type Engine, Rollback, type StoreCheck } from './engine.ts';
import { isWorthAnotherTry, refusalAtStart, refusalAtWork } from './postgres-faults.ts';
import type { Job } from './statement.ts';
import { closed, full } from './write-queue.ts';

const SERVER_VERSION_MIN = 150_000;

// For each connection: nothing may weaken what a commit promises, or wait for ever.
const SESSION = [
  'synchronous_commit=on',
  'default_transaction_isolation=read\\ committed',
  `lock_timeout=${limits.sqlBusyMs}`,
  `statement_timeout=${limits.sqlStatementMs}`,
  `idle_in_transaction_session_timeout=${limits.sqlStatementMs}`,
];

const FSYNC_OFF =
  'PostgreSQL does not sync to disk: set fsync = on in postgresql.conf, or a power cut loses referrals.';

/**
 * @param url `postgres://…`, which may hold a password and is never shown.
 * @throws Refusal BAD_CONFIG if the server is not there or not fit.
 */
export async function openPostgres(url: string, log: Log): Promise<Engine> {
  const options = {
    connectionString: url,
    connectionTimeoutMillis: limits.sqlBusyMs,
    options: SESSION.map((pair) => `-c ${pair}`).join(' '),
    types: { getTypeParser },
  };
  await refuseUnfit(clientOf(options));
  const pool = new pg.Pool({ ...options, max: limits.sqlPoolMax });
  // An idle connection may break at any time; the pool replaces it.
  pool.on('error', () => log.warn('store.connection-lost'));
  return engineOf(pool);
}

function clientOf(options: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(options);
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'The database URL cannot be read: write postgres://user@host:port/database; files that it names must be there.',
      { cause },
    );
  }
}

/** Times and counts are int8 there and numbers here: none comes near 2^53. */
function getTypeParser(...[id, format]: Parameters<typeof pg.types.getTypeParser>) {
  return id === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(id, format);
}

function engineOf(pool: pg.Pool): Engine {
  let isClosed = false;
  const underway = new Set<Promise<unknown>>();
  const use = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    if (isClosed) throw closed();
    if (pool.waitingCount >= limits.writeQueueMax) throw full();
    const used = withConnection(pool, work);
    underway.add(used);
    try {
      return await used;
    } finally {
      underway.delete(used);
    }
  };
  return {
    name: 'postgresql',
    read: (job) => use((client) => run(client, job())),
    write: (job) => use((client) => transact(client, job)),
    checks: () => use(checksOf),
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      // The pool forgets who waits for a connection when it ends.
      await Promise.allSettled(underway);
      await pool.end();
    },
  };
}

async function withConnection<T>(
  pool: pg.Pool,
  use: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient | undefined;
  let isBroken = false;
  const onError = () => {
    isBroken = true;
  };
  try {
    client = await pool.connect();
    client.on('error', onError);
    return await use(client);
  } catch (error) {
    const refusal = refusalAtWork(error);
    // After a failed transaction nobody knows in which state the connection is.
    isBroken = true;
    throw refusal;
  } finally {
    client?.off('error', onError);
    client?.release(isBroken);
  }
}

async function transact<T>(client: pg.PoolClient, job: () => Job<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      await client.query('BEGIN');
      const answer = await run(client, job());
      await client.query('COMMIT');
      return answer;
    } catch (error) {
      if (error instanceof Rollback) {
        await client.query('ROLLBACK');
        return error.answer as T;
      }
      if (!isWorthAnotherTry(error) || tries > limits.sqlRetriesMax) throw error;
      await client.query('ROLLBACK');
      await sleep(tries * 10 * (1 + Math.random()));
    }
  }
}

async function run<T>(client: pg.PoolClient, job: Job<T>): Promise<T> {
  let next = job.next([]);
  while (next.done !== true) {
    const { text, values } = next.value.sql('postgresql');
    const { rows } = await client.query({ name: next.value.name, text, values: [...values] });
    next = job.next(rows);
  }
  return next.value;
}

async function setting(client: pg.ClientBase, name: string): Promise<string> {
  const { rows } = await client.query('SELECT current_setting($1) AS value', [name]);
  return String(rows[0]?.value);
}

async function refuseUnfit(client: pg.Client): Promise<void> {
  // Whatever breaks it shows at the next query.
  client.on('error', () => {});
  try {
    await client.connect();
    if (Number(await setting(client, 'server_version_num')) < SERVER_VERSION_MIN) {
      throw new Refusal('BAD_CONFIG', 'PostgreSQL 15 or newer is needed: upgrade the server.');
    }
    if ((await setting(client, 'synchronous_commit')) !== 'on') {
      throw new Refusal(
        'BAD_CONFIG',
        'PostgreSQL does not keep synchronous_commit=on for this node: connect without options of your own, and without a pooler that drops ours.',
      );
    }
    if ((await setting(client, 'fsync')) !== 'on') {
      throw new Refusal('BAD_CONFIG', FSYNC_OFF);
    }
    if ((await setting(client, 'server_encoding')) !== 'UTF8') {
      throw new Refusal('BAD_CONFIG', 'The database is not in UTF8: create it anew with UTF8.');
    }
  } catch (error) {
    throw refusalAtStart(error);
  } finally {
    await client.end();
  }
}

async function checksOf(client: pg.ClientBase): Promise<StoreCheck[]> {
  const fsync = await setting(client, 'fsync');
  const commit = await setting(client, 'synchronous_commit');
  return [
    {
      name: 'durability',
      isOk: fsync === 'on' && commit === 'on',
      found: `fsync=${fsync}, synchronous_commit=${commit}`,
      remedy: FSYNC_OFF,
    },
  ];
}
