import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { open as openSealed, seal } from '#crypto/jwe.ts';
import { signJws, verifyJws } from '#crypto/jws.ts';
import { Keyring } from '#crypto/keyring.ts';
import { importSealingKey, importVerifyKey } from '#crypto/keys.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';
import { limits } from '#model/limits.ts';

import { type Folder, makeFolder } from './folder.ts';

const START = 1_800_000_000;
const clockAt = (seconds: number) => ({ now: () => seconds * 1000 });
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });
const content = new TextEncoder().encode('an invented content');

async function makeKeyring(folder: Folder) {
  const file = folder.path('keys.json');
  const nodeKey = await createWrappingKey(folder.path('node.key'));
  return { file, nodeKey, keyring: await Keyring.create(file, nodeKey, clockAt(START)) };
}

describe('the keyring', () => {
  it('has one current key of each purpose, the same after it is opened again', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keyring } = await makeKeyring(folder);
    const again = await Keyring.open(file, nodeKey);
    expect(again.list()).toEqual(keyring.list());
    expect(keyring.list().map(({ purpose, state }) => [purpose, state])).toEqual([
      ['federation', 'current'],
      ['message', 'current'],
      ['encryption', 'current'],
    ]);
    const jws = await signJws(keyring.signing('message'), 't', content);
    const verifier = await importVerifyKey(again.publicJwks('message')[0]);
    expect(await verifyJws(jws, 't', verifier, 999)).toEqual(content);
    const sealing = await importSealingKey(keyring.publicJwks('encryption')[0]);
    const opener = again.opening(sealing.kid);
    expect(opener && (await openSealed(await seal(sealing, content), opener, 999))).toEqual(
      content,
    );
  });

  it('shows no private part on disk, in its list or among its public keys', async () => {
    await using folder = await makeFolder();
    const { file, keyring } = await makeKeyring(folder);
    const text = await readFile(file, 'utf8');
    expect(text).not.toMatch(/"d"|"kty"/);
    expect(JSON.stringify(keyring.list())).not.toMatch(/"d"/);
    expect(JSON.stringify(keyring.publicJwks('message'))).not.toMatch(/"d"/);
    expect(JSON.stringify(keyring)).toBe('{}');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path('.'))).toSorted()).toEqual(['keys.json', 'node.key']);
  });

  it('replaces a message key, publishes the old for good, and cannot sign with it', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keyring } = await makeKeyring(folder);
    const old = keyring.signing('message').kid;
    const next = await keyring.rotate('message', clockAt(START + 10));
    const years = START + 10 * 365 * 24 * 60 * 60;
    expect(await keyring.destroyEnded(clockAt(years))).toEqual([]);
    for (const ring of [keyring, await Keyring.open(file, nodeKey)]) {
      expect(ring.signing('message').kid).toBe(next);
      expect(ring.publicJwks('message').map(({ kid }) => kid)).toEqual([next, old]);
    }
    expect(keyring.list().find(({ kid }) => kid === old)).toEqual({
      kid: old,
      purpose: 'message',
      createdAt: START,
      retiresAt: null,
      state: 'retired',
    });
  });

  it('publishes no more message keys than a statement may hold, the newest of them', async () => {
    await using folder = await makeFolder();
    const { keyring } = await makeKeyring(folder);
    const kids = [keyring.signing('message').kid];
    for (let i = 0; i <= limits.messageKeysMax; i += 1) {
      kids.unshift(await keyring.rotate('message', clockAt(START + i)));
    }
    const published = keyring.publicJwks('message').map(({ kid }) => kid);
    expect(published).toEqual(kids.slice(0, limits.messageKeysMax));
    expect(keyring.allPublicJwks('message').map(({ kid }) => kid)).toEqual(kids);
  });

  it('ends a replaced federation key, and goes on listing it', async () => {
    await using folder = await makeFolder();
    const { keyring } = await makeKeyring(folder);
    const old = keyring.signing('federation').kid;
    await keyring.rotate('federation', clockAt(START));
    const ends = START + limits.messageLifeSecondsMax;
    expect(await keyring.destroyEnded(clockAt(ends - 1))).toEqual([]);
    expect(await keyring.destroyEnded(clockAt(ends))).toEqual([old]);
    expect(keyring.list().find(({ kid }) => kid === old)?.state).toBe('ended');
  });

  it('opens with a replaced encryption key for seven days and never after, also when opened again', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keyring } = await makeKeyring(folder);
    const old = keyring.publicJwks('encryption')[0]?.kid ?? '';
    const next = await keyring.rotate('encryption', clockAt(START + 10));
    expect(keyring.publicJwks('encryption').map(({ kid }) => kid)).toEqual([next]);
    const ends = START + 10 + 7 * 24 * 60 * 60;
    await keyring.destroyEnded(clockAt(ends - 1));
    expect((await Keyring.open(file, nodeKey)).opening(old)?.kid).toBe(old);
    await keyring.destroyEnded(clockAt(ends));
    for (const ring of [keyring, await Keyring.open(file, nodeKey)]) {
      expect(ring.opening(old)).toBeUndefined();
      expect(ring.opening(next)?.kid).toBe(next);
      expect(ring.wasOpening(old)).toBe(true);
      expect(ring.wasOpening('unknown')).toBe(false);
    }
  });

  it('opens with no encryption key beyond its life, however late it was replaced', async () => {
    await using folder = await makeFolder();
    const { keyring } = await makeKeyring(folder);
    const old = keyring.publicJwks('encryption')[0]?.kid ?? '';
    const ends = START + limits.encryptionKeyLifeSecondsMax;
    await keyring.rotate('encryption', clockAt(ends - 10));
    expect(await keyring.destroyEnded(clockAt(ends - 1))).toEqual([]);
    expect(await keyring.destroyEnded(clockAt(ends))).toEqual([old]);
  });

  it('says by when a current encryption key must be replaced', async () => {
    await using folder = await makeFolder();
    const { keyring } = await makeKeyring(folder);
    const { retiresAt } = keyring.list().find(({ purpose }) => purpose === 'encryption') ?? {};
    expect(retiresAt).toBe(START + limits.encryptionKeyLifeSecondsMax);
  });

  it('loses no change when several are asked for at once', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keyring } = await makeKeyring(folder);
    const rotations = [1, 2, 3].map((n) => keyring.rotate('message', clockAt(START + n)));
    const kids = await Promise.all(rotations);
    const again = await Keyring.open(file, nodeKey);
    expect(again.list().filter(({ purpose }) => purpose === 'message')).toHaveLength(4);
    expect(again.signing('message').kid).toBe(kids[2]);
  });

  it('does not open with another node key, nor when it was changed', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey } = await makeKeyring(folder);
    const other = await createWrappingKey(folder.path('other.key'));
    await expect(Keyring.open(file, other)).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    const text = await readFile(file, 'utf8');
    for (const changed of [
      text.slice(0, -20),
      text.replace(/(?<="sealed":")./, (first) => (first === '_' ? '-' : '_')),
      '',
      '{}',
      'keys',
    ]) {
      await writeFile(file, changed);
      await expect(Keyring.open(file, nodeKey)).rejects.toThrow(refusal('KEY_UNAVAILABLE'));
    }
  });

  it('is refused when others may read it, when it is missing, and is never made twice', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey } = await makeKeyring(folder);
    await expect(Keyring.create(file, nodeKey, clockAt(START))).rejects.toThrow(
      refusal('BAD_CONFIG'),
    );
    await chmod(file, 0o640);
    await expect(Keyring.open(file, nodeKey)).rejects.toThrow(/chmod 600/);
    await expect(Keyring.open(folder.path('none'), nodeKey)).rejects.toThrow(/srx init/);
  });

  it('survives a crash before the rename: what was half written does not count', async () => {
    await using folder = await makeFolder();
    const { file, nodeKey, keyring } = await makeKeyring(folder);
    await writeFile(`${file}.tmp`, '{"srx":"keyr', { mode: 0o644 });
    expect((await Keyring.open(file, nodeKey)).list()).toEqual(keyring.list());
    await keyring.rotate('message', clockAt(START));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path('.'))).not.toContain('keys.json.tmp');
  });

  it('that cannot be written keeps its keys and says the remedy', async () => {
    await using folder = await makeFolder();
    const { keyring } = await makeKeyring(folder);
    const before = keyring.list();
    await folder[Symbol.asyncDispose]();
    await expect(keyring.rotate('message', clockAt(START))).rejects.toThrow(/free space/);
    expect(keyring.list()).toEqual(before);
  });
});
