import { generateKeyPairSync } from 'node:crypto';

import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';

import {
  createOpeningKey,
  createPrivateJwk,
  createSigningKey,
  importOpeningKey,
  importSealingKey,
  importSigningKey,
  importVerifyKey,
} from '#crypto/keys.ts';

const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });
const hex = (text: string) => Buffer.from(text, 'hex').toString('base64url');

describe('keys', () => {
  it('have the RFC 7638 thumbprint as their kid, as another implementation computes it', async () => {
    for (const key of [await createSigningKey(), await createOpeningKey()]) {
      const { kid, ...bare } = key.publicJwk;
      expect(kid).toBe(await calculateJwkThumbprint(bare));
      expect(key.kid).toBe(kid);
    }
    // RFC 8037 appendix A.3
    const published = {
      kty: 'OKP',
      crv: 'Ed25519',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    };
    const { kid } = await importVerifyKey(published);
    expect(kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('cannot be exported and carry no private part in their public form', async () => {
    for (const key of [await createSigningKey(), await createOpeningKey()]) {
      expect(key.privateKey.extractable).toBe(false);
      expect(Object.keys(key.publicJwk).toSorted()).toEqual(['crv', 'kid', 'kty', 'x']);
    }
  });

  it('drop members that they do not know', async () => {
    const { publicJwk } = await createSigningKey();
    await expect(importVerifyKey({ ...publicJwk, iat: 1, use: 'sig' })).resolves.toMatchObject({
      kid: publicJwk.kid,
    });
  });

  it('of any other kind are refused', async () => {
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      format: 'jwk',
    });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      format: 'jwk',
    });
    const ed448 = generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' });
    const oct = { kty: 'oct', k: hex('00'.repeat(32)) };
    const signing = (await createSigningKey()).publicJwk;
    const opening = (await createOpeningKey()).publicJwk;
    for (const jwk of [ec, rsa, ed448, oct, null, 'key', [], {}]) {
      await expect(importVerifyKey(jwk)).rejects.toThrow(refusal('ALG_NOT_ALLOWED'));
      await expect(importSealingKey(jwk)).rejects.toThrow(refusal('ALG_NOT_ALLOWED'));
    }
    await expect(importVerifyKey(opening)).rejects.toThrow(refusal('ALG_NOT_ALLOWED'));
    await expect(importSealingKey(signing)).rejects.toThrow(refusal('ALG_NOT_ALLOWED'));
    await expect(importVerifyKey({ ...signing, use: 'enc' })).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
    await expect(importVerifyKey({ ...signing, alg: 'EdDSA' })).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
  });

  it('that are badly written are refused', async () => {
    const good = (await createSigningKey()).publicJwk;
    for (const change of [{ x: `${good.x}=` }, { x: 'AAAA' }, { x: 7 }, { kid: 'mine' }]) {
      await expect(importVerifyKey({ ...good, ...change })).rejects.toThrow(refusal('MALFORMED'));
    }
  });

  it('are not taken as public with their private part, nor as private without it', async () => {
    const { publicJwk } = await createSigningKey();
    await expect(importVerifyKey(createPrivateJwk('Ed25519'))).rejects.toThrow(
      refusal('MALFORMED'),
    );
    await expect(importSealingKey(createPrivateJwk('X25519'))).rejects.toThrow(
      refusal('MALFORMED'),
    );
    await expect(importSigningKey(publicJwk)).rejects.toThrow(refusal('MALFORMED'));
  });

  it('whose halves do not belong together are refused', async () => {
    const [one, two] = [createPrivateJwk('Ed25519'), createPrivateJwk('Ed25519')];
    await expect(importSigningKey({ ...one, d: two.d })).rejects.toThrow(refusal('MALFORMED'));
    const [three, four] = [createPrivateJwk('X25519'), createPrivateJwk('X25519')];
    await expect(importOpeningKey({ ...three, d: four.d })).rejects.toThrow(refusal('MALFORMED'));
  });

  it.each([
    ['the identity', '01' + '00'.repeat(31)],
    ['the identity with a sign', '01' + '00'.repeat(30) + '80'],
    ['order 2', 'ec' + 'ff'.repeat(30) + '7f'],
    ['order 4', '00'.repeat(32)],
    ['order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['order 8, the other', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
    ['over the field', 'ee' + 'ff'.repeat(30) + '7f'],
  ])('on a weak Ed25519 point are refused: %s', async (_name, point) => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: hex(point) };
    await expect(importVerifyKey(jwk)).rejects.toThrow(refusal('MALFORMED'));
  });

  it.each(['00'.repeat(32), '01' + '00'.repeat(31), 'ec' + 'ff'.repeat(30) + '7f'])(
    'on a weak X25519 point are refused: %s',
    async (point) => {
      const jwk = { kty: 'OKP', crv: 'X25519', x: hex(point) };
      await expect(importSealingKey(jwk)).rejects.toThrow(refusal('MALFORMED'));
    },
  );
});
