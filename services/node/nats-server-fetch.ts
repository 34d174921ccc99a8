// Fetches Debian's nats-server without root: apt-get with a private state, the
// machine's own sources and keys, unpacked into the user's cache folder.
import { execFile } from 'node:child_process';
import { copyFile, lstat, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

import { limits } from '#model/limits.ts';

import { withLock } from './lock-file.ts';

const run = promisify(execFile);

export type NatsServerFetch = {
  /** The environment of the process: PATH, HOME, XDG_CACHE_HOME, proxies. */
  env: Readonly<Record<string, string | undefined>>;
  /** One line for a person, while something takes long. */
  progress: (line: string) => void;
  runs: (binary: string) => Promise<boolean>;
};

/** The path of the fetched program; a failure is any error. */
export async function fetchNatsServer(fetch: NatsServerFetch): Promise<string> {
  const folder = await cacheFolder(fetch.env);
  const binary = join(folder, 'nats-server');
  if (await fetch.runs(binary)) return binary;
  return await withLock(join(folder, 'nats-server.lock'), limits.natsFetchMs, async () => {
    // Another process may have fetched it while this one waited.
    if (await fetch.runs(binary)) return binary;
    fetch.progress("nats-server is not installed: fetching Debian's package, once (about 4 MB) …");
    await fetchInto(folder, binary, fetch);
    if (!(await fetch.runs(binary))) throw new Error('The fetched nats-server does not run.');
    fetch.progress('nats-server is ready.');
    return binary;
  });
}

async function fetchInto(folder: string, binary: string, fetch: NatsServerFetch): Promise<void> {
  const work = await mkdtemp(join(folder, 'fetch-'));
  try {
    await mkdir(join(work, 'state', 'lists', 'partial'), { recursive: true });
    await mkdir(join(work, 'cache', 'archives', 'partial'), { recursive: true });
    await writeFile(join(work, 'status'), '');
    const options = {
      cwd: work,
      timeout: limits.natsFetchMs,
      env: { ...fetch.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    };
    const apt = (...words: string[]) => run('apt-get', [...aptOptions(work), ...words], options);
    // One source that does not answer is no reason to stop: the download tells.
    await apt('update').catch((cause: unknown) => {
      if (isMissing(cause)) throw cause;
    });
    await apt('download', 'nats-server');
    const archive = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get has downloaded nothing.');
    await run('dpkg-deb', ['-x', archive, 'unpacked'], options);
    const unpacked = join(work, 'nats-server');
    await copyFile(await findUnpacked(join(work, 'unpacked')), unpacked);
    await rename(unpacked, binary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function aptOptions(work: string): string[] {
  return [
    '-qq',
    `Dir::State=${join(work, 'state')}`,
    `Dir::State::lists=${join(work, 'state', 'lists')}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=',
    'Debug::NoLocking=1',
  ].flatMap((option) => (option.startsWith('-') ? [option] : ['-o', option]));
}

async function findUnpacked(root: string): Promise<string> {
  for (const folder of ['usr/sbin', 'usr/bin']) {
    const file = join(root, folder, 'nats-server');
    if (await lstat(file).catch(() => undefined)) return file;
  }
  throw new Error('The package holds no nats-server.');
}

/** The user's own; without a writable home one in the temporary folder. */
async function cacheFolder(env: NatsServerFetch['env']): Promise<string> {
  const xdg = env['XDG_CACHE_HOME'];
  const home = env['HOME'];
  const wanted = [
    ...(xdg && isAbsolute(xdg) ? [join(xdg, 'srx')] : []),
    ...(home && isAbsolute(home) ? [join(home, '.cache', 'srx')] : []),
    join(tmpdir(), `srx-cache-${process.getuid?.() ?? 0}`),
  ];
  for (const folder of wanted) {
    if (await isOurs(folder)) return folder;
  }
  return await mkdtemp(join(tmpdir(), 'srx-cache-'));
}

/** Writable by nobody else: a program is run from here. */
async function isOurs(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    if (!found.isDirectory()) return false;
    if (process.getuid && (found.uid !== process.getuid() || (found.mode & 0o022) !== 0)) {
      return false;
    }
    const probe = await mkdtemp(join(folder, 'probe-'));
    await rm(probe, { recursive: true });
    return true;
  } catch {
    return false;
  }
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
