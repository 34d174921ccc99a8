// Run by npm after an install: npm 9 and 10 unlink the project's own Node again
// when they drop its packages for other platforms, which have the same name for it.
import { existsSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const modules = new URL('../../node_modules/', import.meta.url);
const program = `node-${process.platform}-${process.arch}/bin/node`;
const link = fileURLToPath(new URL('.bin/node', modules));

// Windows has no links of this kind, and npm makes a script there itself.
if (process.platform !== 'win32' && existsSync(new URL(program, modules)) && !existsSync(link)) {
  symlinkSync(`../${program}`, link);
}
