// The last verified statements in one file of the data folder.
import { readFile, stat } from 'node:fs/promises';

import { hasCode, writeAtomically } from '#crypto/files.ts';
import { limits } from '#model/limits.ts';
import type { StatementCache } from '#trust/statement-cache.ts';

export function fileStatementCache(file: string): StatementCache {
  return {
    async read() {
      try {
        if ((await stat(file)).size > limits.statementCacheBytesMax) return undefined;
        return await readFile(file, 'utf8');
      } catch (cause) {
        if (hasCode(cause, 'ENOENT')) return undefined;
        throw cause;
      }
    },
    write: (text) => writeAtomically(file, Buffer.from(text), 0o600),
  };
}
