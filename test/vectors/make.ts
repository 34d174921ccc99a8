// `npm run vectors`: writes the vectors anew. Nothing in them is random but one
// TLS certificate, which is kept, so a second run changes nothing.
import { writeFile } from 'node:fs/promises';

import { FAMILIES, fileOf, makeAll, textOfFile } from './families.ts';

const all = await makeAll();
for (const name of ['keys', ...FAMILIES] as const) {
  await writeFile(fileOf(name), textOfFile(all[name]));
}
