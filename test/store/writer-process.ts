// A program to be killed: it appends to referrals of its own as fast as the
// store takes it, and says on its output what was acknowledged, and nothing else.
import { writeSync } from 'node:fs';

import { silentLog } from '#model/log.ts';
import { openStore } from '#store/open.ts';
import { appendForEver } from './appending.ts';

const [url = ''] = process.argv.slice(2);
const store = await openStore({ url, clock: { now: () => Date.now() }, log: silentLog });
await appendForEver(store, 24, (line) => void writeSync(1, `${line}\n`));
