import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { offered, queryOn } from './engines.ts';

const gone = (url: string) =>
  queryOn(url, 'select 1').then(
    () => false,
    () => true,
  );

describe.skipIf(!offered?.isOurs)('a private cluster', () => {
  it('ends and is removed when whoever started it was killed', { timeout: 60_000 }, async () => {
    const starter = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `const { findPostgres, startCluster } = await import(process.argv[1]);
         console.log((await startCluster(await findPostgres())).url());
         setInterval(() => {}, 1000);`,
        fileURLToPath(new URL('./postgres-cluster.ts', import.meta.url)),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const url = await new Promise<string>((resolve) =>
      starter.stdout.once('data', (line) => resolve(String(line).trim())),
    );
    const folder = new URL(url).searchParams.get('host') ?? '';
    expect(await queryOn(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await access(folder);
    starter.kill('SIGKILL');
    await expect.poll(() => gone(url), { timeout: 20_000 }).toBe(true);
    await expect
      .poll(() => access(folder).catch(() => 'removed'), { timeout: 20_000 })
      .toBe('removed');
  });

  it('listens on no port, and lets in nobody but its owner', async () => {
    if (!offered) return;
    const [settings] = await queryOn(
      offered.url,
      `select current_setting('listen_addresses') as addresses,
              current_setting('unix_socket_permissions') as permissions`,
    );
    expect(settings).toEqual({ addresses: '', permissions: '0700' });
  });
});
