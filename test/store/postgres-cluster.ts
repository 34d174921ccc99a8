// A private PostgreSQL for tests: in a temporary folder, on a Unix socket that
// only its owner reaches, under a user that is not root, gone with the tests.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import pg from 'pg';

const run = promisify(execFile);

export type Cluster = AsyncDisposable & {
  /** Of a database; without a name, the one that is always there. */
  url(database?: string): string;
  /** As after a power cut, but for the disk: every process is gone at once. */
  crash(): Promise<void>;
  /** On the data as they are. */
  start(): Promise<void>;
};

const CLUSTER_USER = 'srx';
/** A role of this name, once made, has to show its password; nobody else has. */
export const GUARDED_USER = 'srx_guarded';
const WHO_MAY_CONNECT = `local all ${GUARDED_USER} scram-sha-256\nlocal all all trust\n`;
const VERSION_MIN = 15;
const DEBIAN = '/usr/lib/postgresql';
const START_MS = 30_000;
const POLL_MS = 50;
const SOCKET_PATH_MAX = 107 - '/.s.PGSQL.5432'.length; // unix(7): 108 with its end

// Reads one word a line; the end of its input is the end of whoever started
// it, however that came about. $0 is the folder, the rest the server's command.
const KEEPER = `
trap '' HUP INT TERM PIPE
serve() { "$@" >>"$0/log" 2>&1 & server=$!; }
halt() { kill -QUIT "$server" 2>/dev/null; wait "$server"; }
serve "$@"
while read -r word; do
  case $word in
    halt) halt; echo halted ;;
    serve) serve "$@" ;;
  esac
done
halt
rm -rf -- "$0"
`;

/** The folder of the newest server programs that are new enough; null for none. */
export async function findPostgres(path = process.env['PATH'] ?? ''): Promise<string | null> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const debian = versions
    .filter((name) => Number(name) >= VERSION_MIN)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((name) => join(DEBIAN, name, 'bin'));
  for (const folder of [...debian, ...path.split(delimiter)]) {
    if (folder !== '' && (await versionOf(folder)) >= VERSION_MIN) return folder;
  }
  return null;
}

async function versionOf(folder: string): Promise<number> {
  try {
    const { stdout } = await run(join(folder, 'postgres'), ['--version']);
    await run(join(folder, 'initdb'), ['--version']);
    return Number(/\d+/.exec(stdout)?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** @param binaries from findPostgres */
export async function startCluster(binaries: string): Promise<Cluster> {
  const user = await unprivileged();
  const folder = await mkdtemp(join(shortTmpdir(), 'srx-postgres-'));
  if (user) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  try {
    await run(join(binaries, 'initdb'), initOptions(data), { ...user, cwd: folder });
    await writeFile(join(data, 'pg_hba.conf'), WHO_MAY_CONNECT);
  } catch (cause) {
    await rm(folder, { recursive: true, force: true });
    throw new Error('initdb does not make a cluster', { cause });
  }
  const server = [join(binaries, 'postgres'), ...serverOptions(data, folder)];
  const keeper = spawn('/bin/sh', ['-c', KEEPER, folder, ...server], {
    ...user,
    cwd: folder,
    detached: true, // a Ctrl-C at the tests is not for it
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const cluster = clusterOf(keeper, folder);
  try {
    await cluster.untilUp();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** PostgreSQL does not run as root: then as its own user, or as nobody. */
async function unprivileged(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find(([known]) => known === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
}

function shortTmpdir(): string {
  const folder = tmpdir();
  return folder.length + '/srx-postgres-XXXXXX'.length < SOCKET_PATH_MAX ? folder : '/tmp';
}

function initOptions(data: string): string[] {
  return [
    `--pgdata=${data}`,
    `--username=${CLUSTER_USER}`,
    '--auth=trust', // whoever can reach the socket
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
    '--no-instructions',
  ];
}

function serverOptions(data: string, folder: string): string[] {
  const settings = [
    'listen_addresses=', // none
    `unix_socket_directories=${folder}`,
    'unix_socket_permissions=0700',
    'max_connections=100',
    'shared_buffers=32MB',
    // What a node meets anywhere: it shall not pass by the luck of a quiet machine.
    'fsync=on',
  ];
  return ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
}

function clusterOf(keeper: ChildProcess, folder: string): Cluster & { untilUp(): Promise<void> } {
  // The tests may end although it runs.
  keeper.unref();
  const { stdin, stdout } = keeper;
  if (!stdin || !stdout) throw new Error('the keeper has no input');
  // It may have died before; what matters then is said by whoever connects.
  stdin.on('error', () => {});
  const tell = (word: string) => stdin.write(`${word}\n`);
  const url = (database = 'postgres') =>
    `postgres://${CLUSTER_USER}@localhost/${database}?host=${encodeURIComponent(folder)}`;
  const untilUp = async () => {
    for (const endMs = Date.now() + START_MS; !(await answers(url())); ) {
      if (Date.now() > endMs) {
        const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
        throw new Error(`PostgreSQL does not come up: ${log.slice(-500)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  return {
    url,
    untilUp,
    crash: async () => {
      const halted = new Promise((resolve) => stdout.once('data', resolve));
      tell('halt');
      await halted;
    },
    start: async () => {
      tell('serve');
      await untilUp();
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => keeper.once('exit', resolve));
      keeper.ref();
      stdin.end();
      if (keeper.exitCode === null && keeper.signalCode === null) await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
