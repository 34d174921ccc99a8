import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { takeLock, withLock } from '#services/node/lock-file.ts';
import { makeFolder } from '#test/crypto/folder.ts';

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn('/bin/true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('a lock', () => {
  it('has one holder, and is free when that one lets go', async () => {
    await using folder = await makeFolder();
    const file = folder.path('lock');
    const first = await takeLock(file);
    expect(await readFile(file, 'utf8')).toBe(String(process.pid));
    expect(await takeLock(file)).toBeNull();
    await first?.[Symbol.asyncDispose]();
    await using second = await takeLock(file);
    expect(second).not.toBeNull();
    expect(await readdir(folder.path('.'))).toEqual(['lock']);
  });

  it('says that its folder cannot be written', async () => {
    await expect(takeLock('/proc/srx.lock')).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('check its owner, its rights'),
    });
  });

  it('stays with a living process', async () => {
    await using folder = await makeFolder();
    const file = folder.path('lock');
    await writeFile(file, String(process.ppid));
    expect(await takeLock(file)).toBeNull();
    expect(await readFile(file, 'utf8')).toBe(String(process.ppid));
  });

  it('of a process that is gone is taken over, also when its number came again', async () => {
    await using folder = await makeFolder();
    for (const pid of [await deadPid(), process.pid]) {
      const file = folder.path(`lock-${pid}`);
      await writeFile(file, String(pid));
      await using lock = await takeLock(file);
      expect(lock).not.toBeNull();
      expect(await readFile(file, 'utf8')).toBe(String(process.pid));
    }
  });

  it('that was left behind is left to whoever is about to take it over', async () => {
    await using folder = await makeFolder();
    const file = folder.path('lock');
    const gone = String(await deadPid());
    await writeFile(file, gone);
    await writeFile(`${file}.turn`, String(process.ppid));
    expect(await takeLock(file)).toBeNull();
    expect(await readFile(file, 'utf8')).toBe(gone);
  });

  it('that was left behind goes to one of many processes that want it', async () => {
    await using folder = await makeFolder();
    const script = `
      const { takeLock } = await import('#services/node/lock-file.ts');
      const { once } = await import('node:events');
      console.log('ready');
      await once(process.stdin, 'data');
      const lock = await takeLock(process.argv[1]);
      console.log(lock ? 'taken' : 'refused');
      await once(process.stdin, 'data');
      process.exit(0);
    `;
    const runs = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script, folder.path('lock')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    const say = () =>
      Promise.all(runs.map(async ({ stdout }) => String(await once(stdout, 'data'))));
    await say();
    await writeFile(folder.path('lock'), String(await deadPid()));
    const said = say();
    for (const { stdin } of runs) stdin.write('go');
    expect((await said).filter((word) => word.trim() === 'taken')).toHaveLength(1);
    const ended = runs.map((child) => once(child, 'exit'));
    for (const { stdin } of runs) stdin.write('end');
    await Promise.all(ended);
  });

  it('is waited for, and no longer than it was said', async () => {
    await using folder = await makeFolder();
    const file = folder.path('lock');
    const first = await takeLock(file);
    await expect(withLock(file, 300, async () => 'in')).rejects.toThrow('too long');
    const waiting = withLock(file, 5000, async () => 'in');
    await first?.[Symbol.asyncDispose]();
    expect(await waiting).toBe('in');
  });
});
