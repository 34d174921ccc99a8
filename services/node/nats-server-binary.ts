// Finds the nats-server program: the one that was named, the one on the PATH, the
// one fetched before, or Debian's own package, fetched without root.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { Refusal } from '#model/refusal.ts';

import { fetchNatsServer, type NatsServerFetch } from './nats-server-fetch.ts';

export type NatsServerSearch = {
  /** SRX_NATS_SERVER: the path of a program; then no other is looked for. */
  binary?: string | undefined;
} & Pick<NatsServerFetch, 'env' | 'progress'>;

const HOW_TO_GET_IT =
  'Install nats-server 2.9 or newer (Debian: apt install nats-server; others: https://nats.io/download), or name the program in SRX_NATS_SERVER.';

/**
 * The path of a nats-server that runs here.
 * @throws Refusal BAD_CONFIG that says how to get one.
 */
export async function findNatsServer(search: NatsServerSearch): Promise<string> {
  if (search.binary !== undefined) {
    if (await runs(search.binary)) return search.binary;
    throw new Refusal(
      'BAD_CONFIG',
      `SRX_NATS_SERVER does not name a nats-server 2.9 or newer that runs here. ${HOW_TO_GET_IT}`,
    );
  }
  for (const candidate of candidates(search.env)) {
    if (await runs(candidate)) return candidate;
  }
  try {
    return await fetchNatsServer({ ...search, runs });
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      `No nats-server was found, and it could not be fetched. ${HOW_TO_GET_IT}`,
      { cause },
    );
  }
}

function candidates(env: NatsServerSearch['env']): string[] {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  // Debian puts it where only root's PATH leads.
  if (process.platform !== 'win32') folders.push('/usr/sbin', '/usr/local/sbin');
  return [...new Set(folders)].map((folder) => join(folder, name));
}

async function runs(binary: string): Promise<boolean> {
  try {
    await access(binary, constants.X_OK);
    const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 });
    const version = /^nats-server: v(\d+)\.(\d+)\./.exec(stdout);
    if (!version) return false;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    return major > 2 || (major === 2 && minor >= 9);
  } catch {
    return false;
  }
}
