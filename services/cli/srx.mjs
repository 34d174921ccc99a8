#!/usr/bin/env node
// Starts srx. Plain JavaScript, so that an older Node can read it: srx itself
// runs on Node 24, which comes with the project.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  keepCompiledCode();
  await import('./main.ts');
} else {
  runWith(projectNode());
}

/**
 * Compiled once: half of a short command's time. In a cache folder of this very
 * user only, because what lies there is run.
 */
function keepCompiledCode() {
  const { XDG_CACHE_HOME: xdg, HOME: home } = process.env;
  const cache = xdg || (home && join(home, '.cache'));
  if (!cache || !isAbsolute(cache) || process.getuid === undefined) return;
  const { uid, mode } = statSync(cache, { throwIfNoEntry: false }) ?? {};
  if (uid !== process.getuid() || (mode & 0o022) !== 0) return;
  try {
    mkdirSync(join(cache, 'srx'), { mode: 0o700, recursive: true });
    module.enableCompileCache(join(cache, 'srx', 'code'));
  } catch {
    // Slower, and no less right.
  }
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
  const self = fileURLToPath(import.meta.url);
  const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit' });
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
