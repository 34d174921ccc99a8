// Once for a whole run of tests: the PostgreSQL that they share, started when
// the first of them asks, and a last line that says which engines ran.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';
import type { TestProject } from 'vitest/node';

import { type Cluster, findPostgres, startCluster } from './postgres-cluster.ts';

/** A database of the server that tests may use; `isOurs`: a private cluster. */
export type Offer = { url: string; isOurs: boolean };
/** Null: there is none on this machine. */
export type Answer = { offer: Offer | null } | { error: string };

declare module 'vitest' {
  export interface ProvidedContext {
    /** The socket at which a test file asks for PostgreSQL. */
    postgresDoor: string;
  }
}

const HOW_TO =
  'for PostgreSQL too, install it (apt-get install postgresql) or set SRX_TEST_DATABASE_URL=postgres://USER@HOST/DATABASE, whose user may create databases.';

let folder: string;
let door: Server;
let cluster: Cluster | undefined;
let asked: Promise<Answer> | undefined;

export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'srx-door-'));
  const path = join(folder, 'door');
  door = createServer((socket) => {
    asked ??= answer();
    void asked.then((given) => socket.end(JSON.stringify(given)));
  });
  await new Promise<void>((resolve) => door.listen(path, resolve));
  project.provide('postgresDoor', path);
}

export async function teardown(): Promise<void> {
  door.close();
  const given = await asked;
  if (given) console.log(await engineLine(given));
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function answer(): Promise<Answer> {
  try {
    const given = process.env['SRX_TEST_DATABASE_URL'];
    if (given !== undefined && given !== '') return { offer: { url: given, isOurs: false } };
    const binaries = await findPostgres();
    if (binaries === null) return { offer: null };
    cluster = await startCluster(binaries);
    return { offer: { url: cluster.url(), isOurs: true } };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'unknown' };
  }
}

async function engineLine(given: Answer): Promise<string> {
  const sqlite = `SQLite ${process.versions['sqlite'] ?? ''}`.trim();
  if ('error' in given) return `Engines: ${sqlite}; PostgreSQL did not start.`;
  if (given.offer === null) return `Engines: ${sqlite} only; ${HOW_TO}`;
  const where = given.offer.isOurs ? 'a private cluster' : 'of SRX_TEST_DATABASE_URL';
  return `Engines: ${sqlite} and PostgreSQL ${await versionOf(given.offer.url)} (${where}).`;
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query('show server_version');
    return String(rows[0]?.server_version).split(' ')[0] ?? '';
  } catch {
    return '(gone)';
  } finally {
    await client.end();
  }
}
