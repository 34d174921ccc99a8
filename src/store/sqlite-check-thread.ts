// The thread of sqlite-check.ts: its exit code is the answer. It holds no lock
// that a writer would wait for.
import { DatabaseSync } from 'node:sqlite';
import { workerData } from 'node:worker_threads';

import { DAMAGED } from './sqlite-check.ts';

const database = new DatabaseSync(String(workerData), { readOnly: true });
const found = database.prepare('PRAGMA quick_check(1)').get();
database.close();
process.exitCode = found?.['quick_check'] === 'ok' ? 0 : DAMAGED;
