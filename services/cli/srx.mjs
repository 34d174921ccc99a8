#!/usr/bin/env node
// Starts srx. Plain JavaScript, so that an older Node can read it: srx itself
// runs on Node 24, which comes with the project.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  await import('./main.ts');
} else {
  runWith(projectNode());
}

/** The Node of this project, from its optional dependencies. */
function projectNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${os}-${process.arch}`;
  const program = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  for (const root of ['../../node_modules/', '../../../']) {
    const path = fileURLToPath(new URL(`${root}${name}/${program}`, import.meta.url));
    if (existsSync(path)) return path;
  }
  process.stderr.write(
    `srx: this is Node ${process.versions.node}, and srx needs Node ${NODE_MAJOR}.\n` +
      '  Run npm ci in the folder of srx: it brings Node 24 for Linux and Windows\n' +
      '  (leave out --omit=optional). Elsewhere install it from https://nodejs.org.\n',
  );
  process.exit(1);
}

function runWith(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; passed on besides, it would count twice.
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  process.on('SIGINT', () => hasTerminal || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', () => {
    process.stderr.write('srx: the Node of this project cannot be started: run npm ci again.\n');
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15));
  });
}
