import {
  appendFile,
  chmod,
  copyFile,
  type FileHandle,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';

import { describe, expect, it, vi } from 'vitest';

import { decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { KeyFile } from '#crypto/key-file.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';

import { type Folder, makeFolder } from './folder.ts';

const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });
const content = new TextEncoder().encode('an invented section');
const lines = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n').length;

async function makeKeyFile(folder: Folder, names = ['a.keys']) {
  const files = names.map((name) => folder.path(name));
  const nodeKey = await createWrappingKey(folder.path('node.key'));
  return { files, file: files[0] ?? '', nodeKey, keys: await KeyFile.create(files, nodeKey) };
}

/** What every open file of this process is made of, to see or hold up a sync. */
async function handlePrototype(folder: Folder): Promise<FileHandle> {
  const handle = await open(folder.path('any'), 'w');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('the key file', () => {
  it('gives a key only when it is synced, and is made with its folder synced', async () => {
    await using folder = await makeFolder();
    const prototype = await handlePrototype(folder);
    const { sync } = prototype;
    const synced: string[] = [];
    const seen = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      synced.push((await this.stat()).isDirectory() ? 'folder' : 'file');
      return sync.call(this);
    });
    const { keys } = await makeKeyFile(folder);
    seen.mockRestore();
    // Node key, generation, key file, generation again: each with its folder; what was overwritten.
    expect(synced.join(' ')).toBe(`${'file folder '.repeat(4)}file`);
    const gate = Promise.withResolvers<void>();
    const { datasync } = prototype;
    const held = vi.spyOn(prototype, 'datasync').mockImplementation(async function (
      this: FileHandle,
    ) {
      await gate.promise;
      return datasync.call(this);
    });
    let isThere = false;
    const key = keys.ensure('referral-1').then(() => {
      isThere = true;
    });
    await vi.waitUntil(() => held.mock.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([isThere, keys.get('referral-1')]).toEqual([false, undefined]);
    gate.resolve();
    await key;
    held.mockRestore();
    await keys.close();
  });

  it('gives the same key for an id, before and after it is opened again', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder);
    expect(keys.get('referral-1')).toBeUndefined();
    const key = await keys.ensure('referral-1');
    expect(await keys.ensure('referral-1')).toBe(key);
    expect(keys.get('referral-1')).toBe(key);
    const text = encryptAtRest(key, 'section', content);
    await keys.close();
    const again = await KeyFile.open(files, nodeKey);
    const kept = again.get('referral-1');
    expect(kept && decryptAtRest(kept, 'section', text)).toEqual(content);
    expect((await again.ensure('referral-2')).secret.equals(key.secret)).toBe(false);
    await again.close();
  });

  it('has mode 0600, as its generation file has, and is refused when others may read either', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await keys.close();
    for (const one of [file, `${file}.generation`]) {
      expect((await stat(one)).mode & 0o777).toBe(0o600);
      await chmod(one, 0o644);
      await expect(KeyFile.open(files, nodeKey)).rejects.toThrow(/chmod 600/);
      await chmod(one, 0o600);
    }
  });

  it('writes callers that come together as one group, and each key once', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    const ids = Array.from({ length: 40 }, (_, n) => `case-${n % 20}`);
    const made = await Promise.all(ids.map((id) => keys.ensure(id)));
    expect(await lines(file)).toBe(2);
    expect(made[0]).toBe(made[20]);
    expect(keys.size).toBe(20);
    const many = Array.from({ length: 600 }, (_, n) => `more-${n}`);
    await Promise.all(many.map((id) => keys.ensure(id)));
    expect(await lines(file)).toBe(2 + 3);
    await keys.close();
    const again = await KeyFile.open(files, nodeKey);
    expect(again.size).toBe(620);
    await again.close();
  });

  it('has the key on disk when ensure resolves, and never gives it before', async () => {
    await using folder = await makeFolder();
    const { file, keys } = await makeKeyFile(folder);
    const pending = keys.ensure('referral-1');
    expect(keys.get('referral-1')).toBeUndefined();
    await pending;
    expect(await readFile(file, 'utf8')).toContain('referral-1');
    await keys.close();
  });

  it('refuses an id that could not be read back', async () => {
    await using folder = await makeFolder();
    const { keys } = await makeKeyFile(folder);
    for (const id of ['', 'a b', 'ä', 'a\n', 'x'.repeat(129)]) {
      await expect(keys.ensure(id)).rejects.toThrow(refusal('MALFORMED'));
    }
    await keys.close();
  });

  it('is never made where one is, nor where only its generation is left', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await keys.close();
    await expect(KeyFile.create(files, nodeKey)).rejects.toThrow(refusal('BAD_CONFIG'));
    await rm(file);
    await expect(KeyFile.create(files, nodeKey)).rejects.toThrow(refusal('BAD_CONFIG'));
    await expect(KeyFile.open(files, nodeKey)).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
  });

  it('does not open with another node key, and says both generations and the remedy', async () => {
    await using folder = await makeFolder();
    const { files, keys } = await makeKeyFile(folder);
    await keys.close();
    const other = await createWrappingKey(folder.path('other.key'), 7);
    const opened = KeyFile.open(files, other);
    await expect(opened).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    await expect(opened).rejects.toThrow(/generation 7; made with generation 1.*give the node key/);
  });
});

describe('after a crash the key file', () => {
  it.each([
    ['half a line', '{"keys":[["referral-2","AAAA'],
    ['a whole line without its end', '{"keys":[]}'],
    ['a block of zeros', '\0'.repeat(300)],
    ['a line with a hole of zeros', `{"keys":[["referral-2","${'\0'.repeat(80)}"]]}\n`],
  ])('leaves out %s at its end, and appends behind what is whole', async (_what, torn) => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    const key = await keys.ensure('referral-1');
    await keys.close();
    await appendFile(file, torn);
    const again = await KeyFile.open(files, nodeKey);
    expect(again.size).toBe(1);
    await again.ensure('referral-3');
    await again.close();
    const third = await KeyFile.open(files, nodeKey);
    expect(third.size).toBe(2);
    expect(third.get('referral-1')?.secret.equals(key.secret)).toBe(true);
    expect(third.get('referral-3')).toBeDefined();
    await third.close();
  });

  it('may be cut at any byte of the last group: the earlier groups are there, whole', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await keys.ensure('referral-1');
    const whole = (await readFile(file)).length;
    await keys.ensure('referral-2');
    await keys.close();
    const bytes = await readFile(file);
    for (let length = whole; length < bytes.length; length += 7) {
      await writeFile(file, bytes.subarray(0, length));
      const again = await KeyFile.open(files, nodeKey);
      expect([again.size, again.get('referral-1')?.id]).toEqual([1, 'referral-1']);
      await again.close();
    }
  });

  it('is refused when damaged before its end, or when a key was moved to another id', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await keys.ensure('referral-1');
    await keys.ensure('referral-2');
    await keys.close();
    const text = await readFile(file, 'utf8');
    const damages = [
      text.replace('{"keys"', '{"kyes"'),
      text.replace('referral-1', 'referral-9'),
      text.replace('"generation":1', '"generation":2'),
      text.slice(1),
      '\n',
      '',
    ];
    for (const damaged of damages) {
      await writeFile(file, damaged);
      await expect(KeyFile.open(files, nodeKey)).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    }
  });
});

describe('destroying keys', () => {
  it('makes a new generation without them, on disk and in memory', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await Promise.all(['one', 'two', 'three'].map((id) => keys.ensure(id)));
    const kept = keys.get('two');
    await keys.destroy(['one', 'three', 'unknown']);
    expect([keys.get('one'), keys.get('two'), keys.get('three')]).toEqual([
      undefined,
      kept,
      undefined,
    ]);
    expect(keys.generation).toBe(2);
    expect(await readFile(file, 'utf8')).not.toMatch(/one|three/);
    await keys.ensure('four');
    await keys.close();
    const again = await KeyFile.open(files, nodeKey);
    expect(again.generation).toBe(2);
    expect(again.get('two')?.secret.equals(kept?.secret ?? ({} as never))).toBe(true);
    expect([again.size, again.get('one')]).toEqual([2, undefined]);
    await again.close();
  });

  it('closes every older copy of the file, though the node key is the same', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await keys.ensure('one');
    await copyFile(file, folder.path('backup'));
    await keys.destroy(['one']);
    await keys.close();
    await rename(folder.path('backup'), file);
    const opened = KeyFile.open(files, nodeKey);
    await expect(opened).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    await expect(opened).rejects.toThrow(/older copy/);
  });

  it('overwrites the old generation where it stood', async () => {
    await using folder = await makeFolder();
    const { file, keys } = await makeKeyFile(folder);
    await keys.ensure('one');
    await using old = await open(`${file}.generation`, 'r');
    await keys.destroy(['one']);
    expect((await old.readFile()).every((byte) => byte === 0)).toBe(true);
    await keys.close();
  });

  it('does nothing for ids that are not there', async () => {
    await using folder = await makeFolder();
    const { keys } = await makeKeyFile(folder);
    await keys.destroy(['unknown']);
    expect(keys.generation).toBe(1);
    await keys.close();
  });

  it('keeps what is asked for at the same time', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder);
    await keys.ensure('one');
    const [two, , three] = await Promise.all([
      keys.ensure('two'),
      keys.destroy(['one']),
      keys.ensure('three'),
    ]);
    await keys.close();
    const again = await KeyFile.open(files, nodeKey);
    expect([again.get('two')?.id, again.get('three')?.id, again.size]).toEqual([
      two.id,
      three.id,
      2,
    ]);
    await again.close();
  });

  // The files after each step of the rewriting, as a crash would leave them.
  it('opens after a crash between any two of its steps, and the erasure is then whole or not begun', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keys } = await makeKeyFile(folder);
    await Promise.all([keys.ensure('one'), keys.ensure('two')]);
    const before = { data: await readFile(file), generation: await readFile(`${file}.generation`) };
    await keys.destroy(['one']);
    await keys.close();
    const after = { data: await readFile(file), generation: await readFile(`${file}.generation`) };
    const parse = (bytes: Buffer) => JSON.parse(bytes.toString()) as { generations: unknown[] };
    const both = parse(before.generation);
    both.generations.push(...parse(after.generation).generations);
    const bothBytes = Buffer.from(JSON.stringify(both));
    const steps = [
      { data: before.data, generation: before.generation, size: 2 },
      { data: before.data, generation: bothBytes, size: 2 },
      { data: after.data, generation: bothBytes, size: 1 },
      { data: after.data, generation: after.generation, size: 1 },
    ];
    for (const { data, generation, size } of steps) {
      await writeFile(file, data);
      await writeFile(`${file}.generation`, generation);
      const again = await KeyFile.open([file], nodeKey);
      expect(again.size).toBe(size);
      await again.close();
      expect(parse(await readFile(`${file}.generation`)).generations).toHaveLength(1);
      await (await KeyFile.open([file], nodeKey)).close();
    }
  });
});

describe('several registered places', () => {
  it('each have every key, and a new place is filled', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder, ['a.keys', 'b.keys']);
    await keys.ensure('one');
    await keys.close();
    const more = [...files, folder.path('c.keys')];
    await (await KeyFile.open(more, nodeKey)).close();
    for (const file of more) {
      const alone = await KeyFile.open([file], nodeKey);
      expect(alone.get('one')).toBeDefined();
      await alone.close();
    }
  });

  it('that differ after a crash are brought to the newest generation and to all its keys', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder, ['a.keys', 'b.keys']);
    const [a = '', b = ''] = files;
    const save = async (name: string) => {
      await copyFile(b, folder.path(name));
      await copyFile(`${b}.generation`, folder.path(`${name}.generation`));
    };
    const restore = async (name: string) => {
      await copyFile(folder.path(name), b);
      await copyFile(folder.path(`${name}.generation`), `${b}.generation`);
    };
    await keys.ensure('one');
    await save('first');
    await keys.ensure('two');
    await keys.close();
    await restore('first'); // b missed an append
    const second = await KeyFile.open(files, nodeKey);
    expect(second.size).toBe(2);
    await second.destroy(['one']);
    await second.close();
    await restore('first'); // b missed an erasure
    await (await KeyFile.open(files, nodeKey)).close();
    for (const file of [a, b]) {
      const alone = await KeyFile.open([file], nodeKey);
      expect([alone.generation, alone.get('one'), alone.get('two')?.id]).toEqual([
        2,
        undefined,
        'two',
      ]);
      await alone.close();
    }
  });

  it('that were used apart and have two keys for one id are refused', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder, ['a.keys', 'b.keys']);
    await keys.close();
    for (const file of files) {
      const apart = await KeyFile.open([file], nodeKey);
      await apart.ensure('one');
      await apart.close();
    }
    await expect(KeyFile.open(files, nodeKey)).rejects.toThrow(/disagree/);
  });

  it('keep an erasure open until the last has answered, and refuse new keys until then', async () => {
    await using folder = await makeFolder();
    await mkdir(folder.path('disk'));
    const { files, nodeKey, keys } = await makeKeyFile(folder, ['a.keys', 'disk/b.keys']);
    await keys.ensure('one');
    await keys.ensure('two');
    await rename(folder.path('disk'), folder.path('gone'));
    await expect(keys.destroy(['one'])).rejects.toThrow(refusal('UNAVAILABLE'));
    expect(keys.get('one')).toBeUndefined();
    await expect(keys.ensure('three')).rejects.toThrow(refusal('UNAVAILABLE'));
    for (let n = 0; n < 10; n += 1) {
      await expect(keys.destroy(['one'])).rejects.toThrow(refusal('UNAVAILABLE'));
    }
    await rename(folder.path('gone'), folder.path('disk'));
    await keys.destroy(['one']);
    await keys.ensure('three');
    await keys.close();
    for (const file of files) {
      const alone = await KeyFile.open([file], nodeKey);
      expect([alone.get('one'), alone.size]).toEqual([undefined, 2]);
      await alone.close();
    }
  });
});

describe('an erasure that fails halfway', () => {
  it('can be repeated any number of times, and never gives a number to two generations', async () => {
    await using folder = await makeFolder();
    const { files, file, nodeKey, keys } = await makeKeyFile(folder);
    await Promise.all([keys.ensure('one'), keys.ensure('two')]);
    await mkdir(`${file}.tmp`); // the generation file can be written, the key file cannot
    for (let n = 0; n < 10; n += 1) {
      await expect(keys.destroy(['one'])).rejects.toThrow(refusal('UNAVAILABLE'));
      const meanwhile = await KeyFile.open([await copyOf(folder, file)], nodeKey);
      expect(meanwhile.get('two')).toBeDefined();
      await meanwhile.close();
    }
    await rm(`${file}.tmp`, { recursive: true });
    await keys.destroy(['one']);
    expect(keys.generation).toBe(1 + 11);
    await keys.close();
    const again = await KeyFile.open(files, nodeKey);
    expect([again.get('one'), again.size]).toEqual([undefined, 1]);
    await again.close();
  });

  async function copyOf(folder: Folder, file: string): Promise<string> {
    await copyFile(file, folder.path('copy'));
    await copyFile(`${file}.generation`, folder.path('copy.generation'));
    return folder.path('copy');
  }
});

describe('a key file that cannot be appended to', () => {
  it('refuses the key, and a second program at the same file is noticed', async () => {
    await using folder = await makeFolder();
    const { files, nodeKey, keys } = await makeKeyFile(folder);
    const second = await KeyFile.open(files, nodeKey);
    await second.ensure('theirs');
    await expect(keys.ensure('ours')).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    await second.destroy(['theirs']);
    await expect(keys.ensure('ours')).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    expect(keys.get('ours')).toBeUndefined();
    await second.ensure('still theirs'.replace(' ', '-').replace(' ', '-'));
    await keys.close();
    await second.close();
  });

  it('goes on when the disk takes it again, with nothing half written between', async () => {
    await using folder = await makeFolder();
    await mkdir(folder.path('disk'));
    const { files, nodeKey, keys } = await makeKeyFile(folder, ['a.keys', 'disk/b.keys']);
    await keys.ensure('one');
    await rename(folder.path('disk'), folder.path('gone'));
    await expect(keys.ensure('two')).rejects.toThrow(refusal('UNAVAILABLE'));
    await rename(folder.path('gone'), folder.path('disk'));
    await keys.ensure('three');
    await keys.close();
    for (const file of files) {
      const alone = await KeyFile.open([file], nodeKey);
      expect([alone.size, alone.get('two')]).toEqual([2, undefined]);
      await alone.close();
    }
  });
});
