// A copy of a node as its operator makes it while the node stands still, and
// the same put back later.
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';

export const COPIED = {
  database: [NODE_FILES.database, `${NODE_FILES.database}-wal`, `${NODE_FILES.database}-shm`],
  keys: [NODE_FILES.sectionKeys, `${NODE_FILES.sectionKeys}.generation`, NODE_FILES.keyring],
} as const;

export type Copied = keyof typeof COPIED;

/** @returns the folder of the copy */
export async function copyOf({ folder }: LoadedConfig): Promise<string> {
  const copy = await mkdtemp(join(dirname(folder), 'copy-'));
  const there = await readdir(folder);
  for (const name of Object.values(COPIED).flat()) {
    if (there.includes(name)) await copyFile(join(folder, name), join(copy, name));
  }
  return copy;
}

export async function putBack(
  { folder }: LoadedConfig,
  copy: string,
  parts: readonly Copied[] = ['database', 'keys'],
): Promise<void> {
  const there = await readdir(copy);
  for (const name of parts.flatMap((part) => COPIED[part])) {
    await rm(join(folder, name), { force: true });
    if (there.includes(name)) await copyFile(join(copy, name), join(folder, name));
  }
}
