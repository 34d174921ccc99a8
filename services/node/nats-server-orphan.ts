// Two servers on one store would spoil it: one that a killed node has left behind
// is ended before the next is started, and only if it is really that one.
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

const FILE = 'owner.json';
const POLL_MS = 50;

export async function writeOwner(folder: string, pid: number): Promise<void> {
  await writeFile(join(folder, FILE), JSON.stringify({ pid, parentPid: process.pid }), {
    mode: 0o600,
  });
}

/** @throws Refusal BAD_CONFIG when another live node uses this folder. */
export async function endOrphan(folder: string): Promise<void> {
  const owner = await readOwner(folder);
  if (!owner || !(await isOurServer(owner.pid, folder))) return;
  if ((await parentOf(owner.pid)) === owner.parentPid) {
    throw new Refusal(
      'BAD_CONFIG',
      'Another node uses this nats-server folder: stop it first, or give each its own folder.',
    );
  }
  for (let waitedMs = 0; await isOurServer(owner.pid, folder); waitedMs += POLL_MS) {
    end(owner.pid, waitedMs < limits.natsStopMs ? 'SIGTERM' : 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself between the two looks.
  }
}

async function readOwner(folder: string): Promise<{ pid: number; parentPid: number } | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(join(folder, FILE), 'utf8'));
    if (typeof owner !== 'object' || owner === null) return undefined;
    if (!('pid' in owner) || !('parentPid' in owner)) return undefined;
    const { pid, parentPid } = owner;
    if (!Number.isInteger(pid) || !Number.isInteger(parentPid)) return undefined;
    return { pid: Number(pid), parentPid: Number(parentPid) };
  } catch {
    return undefined;
  }
}

/** A pid may long be somebody else's: its command line must name this folder's config. */
async function isOurServer(pid: number, folder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!words.split('\0').includes(join(folder, 'nats-server.conf'))) return false;
  // A process that has ended and is not yet collected has no program.
  return (await readlink(`/proc/${pid}/exe`).catch(() => '')) !== '';
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1] ?? 0);
}
