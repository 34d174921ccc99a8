import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { randomBytes, toBase64url } from '#crypto/digest.ts';
import { isPrivate } from '#crypto/files.ts';
import { createWrappingKey, loadWrappingKey } from '#crypto/wrapping-key.ts';

import { makeFolder } from './folder.ts';

const badConfig = (message: RegExp) =>
  expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(message) });

describe('the node key file', () => {
  it('is made with mode 0600 and read back, its generation with it', async () => {
    await using folder = await makeFolder();
    const made = await createWrappingKey(folder.path('node.key'), 3);
    expect((await stat(folder.path('node.key'))).mode & 0o777).toBe(0o600);
    const loaded = await loadWrappingKey(folder.path('node.key'));
    expect(loaded.generation).toBe(3);
    expect(loaded.secret.equals(made.secret)).toBe(true);
  });

  it('may be 32 raw bytes, or base64url with or without an end of line', async () => {
    await using folder = await makeFolder();
    const bytes = randomBytes(32);
    const text = toBase64url(bytes);
    for (const content of [bytes, text, `${text}\n`, `1.${text}\r\n`]) {
      await writeFile(folder.path('node.key'), content, { mode: 0o600 });
      const { generation, secret } = await loadWrappingKey(folder.path('node.key'));
      expect(generation).toBe(1);
      expect(new Uint8Array(secret.export())).toEqual(bytes);
    }
  });

  it('of any other content is refused', async () => {
    await using folder = await makeFolder();
    const text = toBase64url(randomBytes(32));
    for (const content of [
      '',
      'short',
      `0.${text}`,
      `${text}==`,
      randomBytes(31),
      randomBytes(33),
      randomBytes(500),
    ]) {
      await writeFile(folder.path('node.key'), content, { mode: 0o600 });
      await expect(loadWrappingKey(folder.path('node.key'))).rejects.toThrow(
        badConfig(/32 bytes|at most/),
      );
    }
  });

  it.each([0o640, 0o604, 0o660, 0o606, 0o644, 0o610])(
    'of mode %o is refused with its remedy, also as root',
    async (mode) => {
      await using folder = await makeFolder();
      await createWrappingKey(folder.path('node.key'));
      await chmod(folder.path('node.key'), mode);
      await expect(loadWrappingKey(folder.path('node.key'))).rejects.toThrow(
        badConfig(/chmod 600/),
      );
    },
  );

  it('is judged by the file that a link leads to', async () => {
    await using folder = await makeFolder();
    await createWrappingKey(folder.path('node.key'));
    await symlink(folder.path('node.key'), folder.path('link'));
    await expect(loadWrappingKey(folder.path('link'))).resolves.toMatchObject({ generation: 1 });
    await chmod(folder.path('node.key'), 0o644);
    await expect(loadWrappingKey(folder.path('link'))).rejects.toThrow(badConfig(/chmod 600/));
  });

  it('that is missing, a folder, or in no folder is refused with its remedy', async () => {
    await using folder = await makeFolder();
    await expect(loadWrappingKey(folder.path('none'))).rejects.toThrow(badConfig(/restore it/));
    await mkdir(folder.path('folder'), { mode: 0o700 });
    await expect(loadWrappingKey(folder.path('folder'))).rejects.toThrow(badConfig(/not a file/));
    await expect(createWrappingKey(folder.path('none/node.key'))).rejects.toThrow(
      badConfig(/folder/),
    );
  });

  it('is never replaced', async () => {
    await using folder = await makeFolder();
    await createWrappingKey(folder.path('node.key'));
    const before = await readFile(folder.path('node.key'));
    await expect(createWrappingKey(folder.path('node.key'))).rejects.toThrow(badConfig(/already/));
    expect(await readFile(folder.path('node.key'))).toEqual(before);
  });

  it('may be a systemd credential, which an ACL shows as readable by the group of root', () => {
    const credential = '/run/credentials/srx.service/node.key';
    const stats = { mode: 0o100440, uid: 0, gid: 0 };
    expect(isPrivate(stats, credential)).toBe(true);
    expect(isPrivate(stats, '/etc/srx/node.key')).toBe(false);
    expect(isPrivate({ ...stats, gid: 100 }, credential)).toBe(false);
    expect(isPrivate({ ...stats, uid: 100 }, credential)).toBe(false);
    expect(isPrivate({ ...stats, mode: 0o100444 }, credential)).toBe(false);
    expect(isPrivate({ ...stats, mode: 0o100460 }, credential)).toBe(false);
  });
});
