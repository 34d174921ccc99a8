// One process at a time: a file that holds the pid of its owner. The lock of an
// owner that is gone is taken over.

import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { randomBytes, toBase64url } from '#crypto/digest.ts';
import { hasCode } from '#crypto/files.ts';
import { Refusal } from '#model/refusal.ts';

const POLL_MS = 200;
/** Locks that this process has or is about to take, by path. */
const held = new Set<string>();

/** The lock until it is disposed of; null while its owner is alive. @throws Refusal BAD_CONFIG */
export async function takeLock(file: string): Promise<AsyncDisposable | null> {
  const path = resolve(file);
  if (held.has(path)) return null;
  held.add(path);
  let isTaken = false;
  try {
    isTaken = (await take(path)) || (await takeOver(path));
  } finally {
    if (!isTaken) held.delete(path);
  }
  if (!isTaken) return null;
  return {
    async [Symbol.asyncDispose]() {
      await rm(path, { force: true });
      held.delete(path);
    },
  };
}

// One at a time, and judged again then: a second one would remove the lock that
// the first has just taken.
async function takeOver(path: string): Promise<boolean> {
  if (!(await isAbandoned(path))) return false;
  const turn = `${path}.turn`;
  if (!(await take(turn))) return false;
  try {
    if (!(await isAbandoned(path))) return false;
    await rm(path, { force: true });
    return await take(path);
  } finally {
    await rm(turn, { force: true });
  }
}

/** Runs `work` alone. @throws Refusal UNAVAILABLE when the lock is not free within `waitMs`. */
export async function withLock<T>(
  file: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  for (let waitedMs = 0; waitedMs <= waitMs; waitedMs += POLL_MS) {
    await using lock = await takeLock(file);
    if (lock) return await work();
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  throw new Refusal('UNAVAILABLE', 'Another srx is at the same work for too long: try again.');
}

async function take(file: string): Promise<boolean> {
  // Linked with its pid inside, so that nobody ever sees an empty lock.
  const draft = `${file}.${toBase64url(randomBytes(12))}`;
  try {
    await writeFile(draft, String(process.pid), { mode: 0o600 });
    await link(draft, file);
    return true;
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return false;
    const text = 'The folder cannot be written: check its owner, its rights and its free space.';
    throw new Refusal('BAD_CONFIG', text, { cause });
  } finally {
    await rm(draft, { force: true });
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const pid = await readFile(file, 'utf8').catch(() => undefined);
  if (pid === undefined) return false;
  // Our own number, and not held here: of an earlier process (in a container each is process 1).
  if (Number(pid) === process.pid) return true;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // Of another user, and alive.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
}
