// A folder of one's own, with those above it that are missing.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { hasCode } from '#crypto/files.ts';

/**
 * Mode 0700. Node's own `recursive` does not come back where the system gives
 * ENOENT for a folder below one that exists, as /proc does.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return;
    const parent = dirname(folder);
    if (!hasCode(cause, 'ENOENT') || parent === folder) throw cause;
    await makeFolder(parent);
    await mkdir(folder, { mode: 0o700 });
  }
}
