// One process runs on a node's folder: two would fork every referral.
import { join } from 'node:path';

import { Refusal } from '#model/refusal.ts';
import { NODE_FILES } from './config.ts';
import { takeLock } from './lock-file.ts';

/** @throws Refusal BAD_CONFIG */
export async function holdFolder(folder: string): Promise<AsyncDisposable> {
  const file = join(folder, NODE_FILES.lock);
  const lock = await takeLock(file);
  if (lock) return lock;
  throw new Refusal(
    'BAD_CONFIG',
    `Another srx runs on this folder: stop it first. If none does, remove ${NODE_FILES.lock} in it.`,
  );
}
