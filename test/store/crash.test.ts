import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { openStore } from '#store/open.ts';
import { appendForEver, halves, lost, NONE_BY_HALVES } from './appending.ts';
import { offered, queryOn, sqlite, type TestDatabase } from './engines.ts';
import { onEachEngine } from './on-engines.ts';
import { findPostgres, startCluster } from './postgres-cluster.ts';
import { newReferral } from './samples.ts';

const ROUNDS = 3;
const WORK_MS = 400;
const PROGRAM = fileURLToPath(new URL('./writer-process.ts', import.meta.url));

/** Kills it in the midst of its work. @returns the words that it got out */
async function killed(writer: ChildProcess): Promise<string[]> {
  let said = '';
  let works = () => {};
  const working = new Promise<void>((resolve) => {
    works = resolve;
  });
  writer.stdout?.setEncoding('utf8').on('data', (some: string) => {
    said += some;
    works();
  });
  const ended = new Promise((resolve) => writer.once('close', resolve));
  await Promise.race([working, ended]);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * WORK_MS));
  writer.kill('SIGKILL');
  await ended;
  // The last line may have been cut.
  return said.split('\n').slice(0, -1);
}

function startWriter({ url }: TestDatabase): ChildProcess {
  return spawn(process.execPath, [PROGRAM, url], { stdio: ['ignore', 'pipe', 'inherit'] });
}

onEachEngine('kill -9 of a writer', (place) => {
  it('loses nothing that it was told, and leaves nothing by halves', {
    timeout: 60_000,
  }, async () => {
    const words: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      words.push(...(await killed(startWriter(place.database))));
      expect(await lost(place.database, words)).toEqual([]);
      expect(await halves(place.database)).toEqual(NONE_BY_HALVES);
    }
    expect(words.length).toBeGreaterThan(ROUNDS * 10);
    if (place.engine.name === 'sqlite') {
      expect(await place.database.query('pragma integrity_check')).toEqual([
        { integrity_check: 'ok' },
      ]);
      expect(await place.database.query('pragma foreign_key_check')).toEqual([]);
    }
    await newReferral(place.store);
  });
});

describe('a disk that is full', () => {
  it('is told, and loses nothing that was acknowledged', { timeout: 60_000 }, async () => {
    await using database = await sqlite.create();
    // No file of this process may grow past it: 512 bytes each, by POSIX.
    const limit = 'trap "" XFSZ; ulimit -f 4000; exec "$0" "$@"';
    const writer = spawn('/bin/sh', ['-c', limit, process.execPath, PROGRAM, database.url]);
    const [said, complained] = await Promise.all([text(writer.stdout), text(writer.stderr)]);
    expect(complained).toMatch(/Refusal: The disk of the database/);
    const words = said.split('\n').slice(0, -1);
    expect(words.length).toBeGreaterThan(10);
    expect(await lost(database, words)).toEqual([]);
    expect(await halves(database)).toEqual(NONE_BY_HALVES);
    expect(await database.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });
});

describe.skipIf(!offered?.isOurs)('a PostgreSQL that falls over', () => {
  it('loses nothing that it had acknowledged; the node waits for it', {
    timeout: 60_000,
  }, async () => {
    // One of its own: the others still need theirs.
    await using cluster = await startCluster((await findPostgres()) ?? '');
    const url = cluster.url();
    const database = { url, query: (sql: string) => queryOn(url, sql) } as TestDatabase;
    await using store = await openStore({ url, clock: { now: () => Date.now() }, log: silentLog });
    const words: string[] = [];
    const ended = appendForEver(store, 24, (word) => words.push(word)).catch((error) => error);
    await expect.poll(() => words.length, { timeout: 20_000 }).toBeGreaterThan(100);
    await cluster.crash();
    const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining('try again later') };
    expect(await ended).toMatchObject(refusal);
    await expect(store.listReferrals(1, '', 0)).rejects.toMatchObject(refusal);
    await expect(newReferral(store)).rejects.toMatchObject(refusal);
    await cluster.start();
    expect(await lost(database, words)).toEqual([]);
    expect(await halves(database)).toEqual(NONE_BY_HALVES);
    await newReferral(store);
  });
});
