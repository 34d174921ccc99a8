// A folder of one's own that does not stay behind, however this process ends: a
// small shell outlives it and removes the folder where this process could not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Refusal } from '#model/refusal.ts';

export type OwnFolder = AsyncDisposable & { path: string };

// It reads a pipe of ours until that closes, also when this process is killed.
// A nats-server that still writes as it ends may need a second round.
const GUARD = 'read _; for n in 1 2 3 4 5 6 7 8; do rm -rf -- "$1"; sleep 0.25; done';

/** @throws Refusal BAD_CONFIG where no folder can be made */
export async function makeOwnFolder(prefix: string): Promise<OwnFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix)).catch((cause: unknown) => {
    throw new Refusal(
      'BAD_CONFIG',
      `No folder can be made in ${tmpdir()}: free some space there, or name another place in TMPDIR.`,
      { cause },
    );
  });
  const guard = startGuard(path);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      if (!guard || guard.exitCode !== null || guard.signalCode !== null) return;
      guard.ref();
      const ended = once(guard, 'exit');
      guard.kill('SIGKILL');
      await ended;
    },
  };
}

function startGuard(path: string) {
  if (process.platform === 'win32') return undefined;
  const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', path], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: what ends a terminal's processes does not reach it.
    detached: true,
    env: { PATH: '/usr/bin:/bin' },
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return guard;
}
