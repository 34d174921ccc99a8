import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { startNatsServer } from '#services/node/nats-server.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import { fetchNatsServer } from '#services/node/nats-server-fetch.ts';
import { testNatsBinary } from '#test/nats/test-nats.ts';
import { until } from '#test/tracking/test-events.ts';

async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'srx-nats-server-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

async function options(folder: string, port = 0) {
  return { binary: await testNatsBinary(), folder, port, name: 'test', log: silentLog };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process of its own that starts a server in the folder and says its pid. */
async function startElsewhere(folder: string) {
  const script = `
    const { startNatsServer } = await import('#services/node/nats-server.ts');
    const { silentLog: log } = await import('#model/log.ts');
    const [binary, folder] = process.argv.slice(1);
    const server = await startNatsServer({ binary, folder, port: 0, name: 'test', log });
    console.log(server.pid());
  `;
  const node = spawn(
    process.execPath,
    ['--input-type=module', '-e', script, await testNatsBinary(), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line]: Buffer[] = await once(node.stdout, 'data');
  return { node, serverPid: Number(String(line)) };
}

describe("the node's own nats-server", () => {
  it('keeps its password and its config to the user that runs it', async () => {
    await using folder = await makeFolder();
    await using server = await startNatsServer(await options(folder.path));
    for (const name of ['nats-server.conf', 'password', 'owner.json']) {
      expect((await stat(join(folder.path, name))).mode & 0o777, name).toBe(0o600);
    }
    expect(server.servers[0]).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    expect(await readFile(`/proc/${server.pid()}/cmdline`, 'utf8')).not.toContain(server.password);
  });

  it('may have another file name than nats-server', async () => {
    await using folder = await makeFolder();
    const binary = join(folder.path, 'events-2.9');
    await copyFile(await testNatsBinary(), binary);
    await chmod(binary, 0o755);
    const launch = { ...(await options(join(folder.path, 'nats'))), binary };
    await using server = await startNatsServer(launch);
    expect(isAlive(server.pid())).toBe(true);
  });

  it('says that its port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await using folder = await makeFolder();
    await expect(startNatsServer(await options(folder.path, port))).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(`Port ${port}`),
    });
    taken.close();
  });

  it('says that its folder cannot be written', async () => {
    await using folder = await makeFolder();
    await writeFile(join(folder.path, 'file'), '');
    const inTheWay = join(folder.path, 'file', 'nats');
    await expect(startNatsServer(await options(inTheWay))).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('folder'),
    });
  });

  it('is started again on its port with its password when it was killed', async () => {
    await using folder = await makeFolder();
    await using server = await startNatsServer(await options(folder.path));
    const [pid, servers, password] = [server.pid(), server.servers, server.password];
    process.kill(pid, 'SIGKILL');
    await until(() => server.pid() !== pid && isAlive(server.pid()));
    expect([server.servers, server.password]).toEqual([servers, password]);
  });

  it('is gone when it was stopped, also right after it was killed', async () => {
    await using folder = await makeFolder();
    const server = await startNatsServer(await options(folder.path));
    const pid = server.pid();
    process.kill(pid, 'SIGKILL');
    await server[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    expect(isAlive(server.pid())).toBe(false);
  });

  it('is stopped at once while it waits to be started again', async () => {
    await using folder = await makeFolder();
    const binary = join(folder.path, 'a-server');
    await copyFile(await testNatsBinary(), binary);
    await chmod(binary, 0o755);
    const launch = { ...(await options(join(folder.path, 'nats'))), binary };
    const failing: string[] = [];
    const log = { ...silentLog, error: (event: string) => void failing.push(event) };
    const server = await startNatsServer({ ...launch, log });
    await rm(binary);
    process.kill(server.pid(), 'SIGKILL');
    await until(() => failing.includes('nats-server-died'));
    // Long enough for some tries in vain: the next pause lasts for two seconds.
    await new Promise((resolve) => setTimeout(resolve, 1900));
    const beganMs = performance.now();
    await server[Symbol.asyncDispose]();
    expect(performance.now() - beganMs).toBeLessThan(1000);
  });

  it('does not outlive a node that is killed', async () => {
    await using folder = await makeFolder();
    const { node, serverPid } = await startElsewhere(folder.path);
    node.kill('SIGKILL');
    await until(() => !isAlive(serverPid));
  });

  it('is refused a folder that a living node uses, whose server goes on', async () => {
    await using folder = await makeFolder();
    const { node, serverPid } = await startElsewhere(folder.path);
    await expect(startNatsServer(await options(folder.path))).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('Another node'),
    });
    expect(isAlive(serverPid)).toBe(true);
    node.kill('SIGKILL');
    await until(() => !isAlive(serverPid));
  });

  it('takes the place of one that was left behind', async () => {
    await using folder = await makeFolder();
    const { node, serverPid } = await startElsewhere(folder.path);
    // Its guard is killed first, so that nothing ends the server.
    for (const guard of await guardsOf(serverPid)) process.kill(guard, 'SIGKILL');
    node.kill('SIGKILL');
    await once(node, 'exit');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isAlive(serverPid)).toBe(true);
    await using server = await startNatsServer(await options(folder.path));
    expect(server.pid()).not.toBe(serverPid);
    await until(() => !isAlive(serverPid));
  });
});

async function guardsOf(serverPid: number): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (words[0] === '/bin/sh' && words.includes(String(serverPid))) found.push(Number(pid));
  }
  return found;
}

describe('the search for a nats-server', () => {
  const quiet = { env: process.env, progress: () => {} };

  it('takes the program that was named, and no other when that is none', async () => {
    const binary = await testNatsBinary();
    expect(await findNatsServer({ ...quiet, binary })).toBe(binary);
    for (const wrong of ['/nowhere/nats-server', '/bin/true', process.execPath]) {
      await expect(findNatsServer({ ...quiet, binary: wrong })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringContaining('SRX_NATS_SERVER'),
      });
    }
  });

  it('finds the one on the PATH', async () => {
    await using folder = await makeFolder();
    const binary = join(folder.path, 'nats-server');
    await copyFile(await testNatsBinary(), binary);
    await chmod(binary, 0o755);
    const env = { PATH: `/nowhere:${folder.path}` };
    expect(await findNatsServer({ ...quiet, env })).toBe(binary);
  });

  it('says how to get one where there is no apt-get', async () => {
    if (existsSync('/usr/sbin/nats-server')) return;
    await using folder = await makeFolder();
    const env = { PATH: '/nowhere', XDG_CACHE_HOME: folder.path };
    await expect(findNatsServer({ ...quiet, env })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringMatching(/apt install nats-server.*SRX_NATS_SERVER/),
    });
  });

  it.skipIf(!existsSync('/usr/bin/apt-get'))(
    'fetches it once for two that ask together, without a home',
    async () => {
      await using folder = await makeFolder();
      const lines: string[] = [];
      const env = { ...process.env, HOME: '/nonexistent', XDG_CACHE_HOME: folder.path };
      const runs = async (binary: string) => existsSync(binary);
      const fetch = { env, runs, progress: (line: string) => void lines.push(line) };
      const found = await Promise.all([fetchNatsServer(fetch), fetchNatsServer(fetch)]);
      expect(new Set(found).size).toBe(1);
      expect(lines.filter((line) => line.includes('fetching'))).toHaveLength(1);
      expect(await findNatsServer({ ...quiet, env, binary: found[0] })).toBe(found[0]);
    },
    180_000,
  );
});
