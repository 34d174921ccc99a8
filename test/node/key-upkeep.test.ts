import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { Keyring } from '#crypto/keyring.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { startKeyUpkeep } from '#services/node/key-upkeep.ts';
import { makeFolder } from '#test/crypto/folder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY_DAYS = limits.encryptionKeyLifeSecondsMax / 86_400;
const OVERLAP_DAYS = limits.encryptionKeyOverlapSeconds / 86_400;

async function makeRing() {
  const folder = await makeFolder();
  const clock = { day: 0, now: () => 1_800_000_000_000 + clock.day * DAY_MS };
  const nodeKey = await createWrappingKey(folder.path('node-key'));
  const keyring = await Keyring.create(folder.path('keyring'), nodeKey, clock);
  const logged: string[] = [];
  const log = { ...silentLog, error: (event: string) => void logged.push(event) };
  const current = () => keyring.publicJwks('encryption')[0]?.kid ?? '';
  return { folder, clock, keyring, logged, log, current };
}

describe('the upkeep of keys', () => {
  it('renews the encryption key a whole overlap before its end, no earlier', async () => {
    const { folder, clock, keyring, log, current } = await makeRing();
    const first = current();
    await using upkeep = await startKeyUpkeep({ keyring, clock, log });
    clock.day = KEY_DAYS - OVERLAP_DAYS - 0.01;
    await upkeep.renew();
    expect(current()).toBe(first);
    clock.day = KEY_DAYS - OVERLAP_DAYS;
    await upkeep.renew();
    expect(current()).not.toBe(first);
    expect(keyring.opening(first)).toBeDefined();
    clock.day = KEY_DAYS;
    await upkeep.renew();
    expect(keyring.opening(first)).toBeUndefined();
    await folder[Symbol.asyncDispose]();
  });

  it('renews at a start what ended while the node stood still', async () => {
    const { folder, clock, keyring, log, current } = await makeRing();
    const first = current();
    clock.day = KEY_DAYS * 3;
    await using _ = await startKeyUpkeep({ keyring, clock, log });
    expect(current()).not.toBe(first);
    expect(keyring.list().find(({ kid }) => kid === current())?.retiresAt).toBe(
      clock.now() / 1000 + limits.encryptionKeyLifeSecondsMax,
    );
    await folder[Symbol.asyncDispose]();
  });

  it('goes on with the keys that there are where the new one cannot be written', async () => {
    const { folder, clock, keyring, logged, log, current } = await makeRing();
    const first = current();
    await rm(folder.path('.'), { recursive: true });
    clock.day = KEY_DAYS;
    await using upkeep = await startKeyUpkeep({ keyring, clock, log });
    expect(logged).toEqual(['key-renewal-failed']);
    expect(current()).toBe(first);
    await expect(upkeep.renew()).resolves.toBeUndefined();
  });
});
