import { once } from 'node:events';
import { chmod, copyFile, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { silentLog } from '#model/log.ts';
import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';
import { start } from '#services/node/start.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import type { Folder } from '#test/crypto/folder.ts';
import { makeLoneNode } from './lone-node.ts';

const clock = { now: () => Date.now() };
let folder: Folder;
let config: LoadedConfig;

beforeEach(async () => {
  ({ folder, config } = await makeLoneNode());
});
afterEach(() => folder[Symbol.asyncDispose]());

const run = (own: Partial<LoadedConfig> = {}) =>
  start({ ...config, ...own }, { clock, log: silentLog });
const at = (name: keyof typeof NODE_FILES) => join(config.folder, NODE_FILES[name]);
const bad = (code: string, words: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });

/** Nothing of a start that failed is left: the next one works. */
async function startsAgain(): Promise<void> {
  expect(await openFiles()).toEqual([]);
  const node = await run();
  await node[Symbol.asyncDispose]();
}

/** Files of the node that this process holds open. */
async function openFiles(): Promise<string[]> {
  const handles = await readdir('/proc/self/fd').catch(() => []);
  const links = handles.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''));
  return (await Promise.all(links)).filter((file) => file.startsWith(config.folder));
}

describe('a node that cannot start', () => {
  it('names the port that is in use, whichever it is, and leaves nothing behind', async () => {
    for (const part of ['exchange', 'casework', 'federation'] as const) {
      const { port } = config[part];
      const taken = createServer().listen(port, '127.0.0.1');
      await once(taken, 'listening');
      await expect(run(), part).rejects.toThrow(bad('BAD_CONFIG', new RegExp(`ort ${port}`)));
      taken.close();
    }
    await startsAgain();
  });

  it('is told that another one runs on its folder', async () => {
    await using _first = await run();
    await expect(run()).rejects.toThrow(bad('BAD_CONFIG', 'Another srx'));
  });

  it('says which key does not fit', async () => {
    const other = folder.path('other-key');
    await writeFile(other, 'A'.repeat(43), { mode: 0o600 });
    await expect(run({ nodeKeyFile: other })).rejects.toThrow(bad('KEY_UNAVAILABLE', 'node key'));
    await rm(at('sectionKeys'));
    await expect(run()).rejects.toThrow(bad('KEY_UNAVAILABLE', 'no key file'));
  });

  it('refuses a secret that others may read, and names it', async () => {
    for (const name of ['privateKey', 'keyring', 'sectionKeys', 'nodeKey'] as const) {
      await chmod(at(name), 0o644);
      await expect(run(), name).rejects.toThrow(bad('BAD_CONFIG', 'other users.*chmod 600'));
      await chmod(at(name), 0o600);
    }
    const password = folder.path('password');
    await writeFile(password, 'user:secret-canary', { mode: 0o644 });
    const nats = {
      mode: 'external',
      url: 'nats://127.0.0.1:1',
      credentialsFile: password,
    } as const;
    await expect(run({ nats })).rejects.toThrow(bad('BAD_CONFIG', 'NATS.*chmod 600'));
    const database = {
      databaseUrl: 'postgres://nobody@127.0.0.1:1/x',
      databasePasswordFile: password,
    };
    await expect(run(database)).rejects.toThrow(bad('BAD_CONFIG', 'password file.*chmod 600'));
    await startsAgain();
  });

  it('says which certificate or key is missing, no PEM, or of another pair', async () => {
    const certificate = await readFile(at('certificate'), 'utf8');
    const privateKey = await readFile(at('privateKey'), 'utf8');
    await writeFile(at('certificate'), 'no certificate');
    await expect(run()).rejects.toThrow(bad('BAD_CONFIG', 'TLS certificate is not a certificate'));
    await copyFile(inFolder(folder.path('registry')).tlsCertificate, at('certificate'));
    await expect(run()).rejects.toThrow(bad('BAD_CONFIG', 'cannot be used together'));
    await writeFile(at('certificate'), certificate);
    await rm(at('privateKey'));
    await expect(run()).rejects.toThrow(bad('BAD_CONFIG', 'TLS key is not there'));
    const registry = config.registry && { ...config.registry, caFile: folder.path('none') };
    await writeFile(at('privateKey'), privateKey, { mode: 0o600 });
    await expect(run({ registry })).rejects.toThrow(bad('BAD_CONFIG', 'registry’s TLS'));
    await startsAgain();
  });

  it('says that its database is of a newer program', async () => {
    await startsAgain();
    const database = new DatabaseSync(at('database'));
    database.exec('insert into schema_version (version, applied_at_ms) values (999, 1)');
    database.close();
    await expect(run()).rejects.toThrow(bad('BAD_CONFIG', '999.*newer program'));
  });

  it('says that it needs a registry', async () => {
    await expect(run({ registry: null })).rejects.toThrow(bad('BAD_CONFIG', 'registry'));
  });
});
