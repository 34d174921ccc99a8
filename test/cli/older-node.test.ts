import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts } from '#deploy/demo/federation.ts';

import { pathOnly, srx } from './command.ts';

const program = fileURLToPath(new URL('../../services/cli/srx.mjs', import.meta.url));
const older = findOlderNode();

/** The machine's own Node, where it is older than the project's. */
function findOlderNode(): string | undefined {
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders
    .map((folder) => join(folder, 'node'))
    .find((node) => {
      try {
        const version = String(execFileSync(node, ['--version'], { stdio: 'pipe' }));
        return Number(/^v(\d+)/.exec(version)?.[1] ?? 99) < 24;
      } catch {
        return false;
      }
    });
}

function start(argv: string[], file = program) {
  const child = spawn(older ?? '', [file, ...argv], { env: pathOnly() });
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([out, err, [code]]) => ({ out, err, code: code as number | null }),
  );
  return { child, said };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'srx-older-node-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

// Where the machine has no older Node there is nothing to test.
describe.skipIf(older === undefined)('srx under an older Node', () => {
  it('runs on the Node of the project, and hands the exit code and both streams on', async () => {
    const { code, out, err } = await start(['version', '--json']).said;
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ node: expect.stringMatching(/^24\./) });
    const wrong = await start(['case', 'lst']).said;
    expect(wrong).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Did you mean') });
  });

  it('hands standard input on', async () => {
    const { child, said } = start(['case', 'validate', '-']);
    child.stdin.end('srxCaseFile: 2\n');
    expect(await said).toMatchObject({ code: 1, out: expect.stringContaining('srxCaseFile') });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends a service in order on %s', async (signal) => {
    const [port = 0] = await freePorts(1);
    const registry = join(folder, signal);
    const init = ['registry', 'init', '--registry-folder', registry, '--address'];
    expect(await srx([...init, `localhost:${port}`, '--name', 'One'])).toMatchObject({ code: 0 });
    const { child, said } = start(['registry', 'serve', '--registry-folder', registry]);
    await once(child.stdout, 'data');
    child.kill(signal);
    expect(await said).toMatchObject({ code: 0, err: expect.stringContaining('registry.stopped') });
  });

  it('says how to get the right one where the project has none', async () => {
    const cli = join(folder, 'bare', 'services', 'cli');
    await mkdir(cli, { recursive: true });
    await copyFile(program, join(cli, 'srx.mjs'));
    const { code, out, err } = await start(['version'], join(cli, 'srx.mjs')).said;
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/this is Node \d+\.\d+\.\d+, and srx needs Node 24/);
    expect(err).toContain('npm ci');
    expect(err).not.toContain('    at ');
  });
});
