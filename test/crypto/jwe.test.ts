import { CompactEncrypt, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';

import { fromBase64url, randomBytes, toBase64url } from '#crypto/digest.ts';
import { open, readJweHeader, seal } from '#crypto/jwe.ts';
import {
  createOpeningKey,
  importSealingKey,
  type OpeningKey,
  type SealingKey,
} from '#crypto/keys.ts';

const TYP = 'srx-parcel+jwe';
const BYTES_MAX = 8192;
const plaintext = randomBytes(1000);
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });

let opener: OpeningKey;
let sealer: SealingKey;
let jwe: string;
beforeAll(async () => {
  opener = await createOpeningKey();
  sealer = await importSealingKey(opener.publicJwk);
  jwe = await seal(sealer, plaintext);
});

const headerOf = (text: string) =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());

function withHeader(change: (header: Record<string, unknown>) => object | string): string {
  const changed = change(headerOf(jwe));
  const json = typeof changed === 'string' ? changed : JSON.stringify(changed);
  return [Buffer.from(json).toString('base64url'), ...jwe.split('.').slice(1)].join('.');
}

/** As a library seals it rightly to our key, with another header. */
function sealedAs(header: { alg: string; enc: string; typ?: string; kid?: string; zip?: string }) {
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ kid: sealer.kid, typ: TYP, ...header })
    .encrypt(sealer.publicKey);
}

describe('a sealed text', () => {
  it('opens to what was sealed, and is different each time', async () => {
    expect(await open(jwe, opener, BYTES_MAX)).toEqual(plaintext);
    expect(await seal(sealer, plaintext)).not.toBe(jwe);
    expect(readJweHeader(jwe, BYTES_MAX)).toEqual({ kid: opener.kid });
    expect(headerOf(jwe)).toEqual({
      alg: 'ECDH-ES+A256KW',
      enc: 'A256GCM',
      kid: opener.kid,
      typ: TYP,
      epk: { kty: 'OKP', crv: 'X25519', x: expect.any(String) },
    });
  });

  it('does not open with another key, nor under another kid', async () => {
    const other = await createOpeningKey();
    await expect(open(jwe, other, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    await expect(open(jwe, { ...other, kid: opener.kid }, BYTES_MAX)).rejects.toThrow(
      refusal('MALFORMED'),
    );
  });

  it('opens only under the kid that it names, though the key is the same', async () => {
    const renamed = { ...opener, kid: (await createOpeningKey()).kid };
    await expect(open(jwe, renamed, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
  });

  it('with one bit changed in any part does not open', async () => {
    const parts = jwe.split('.');
    for (const index of [1, 2, 3, 4]) {
      const bytes = fromBase64url(parts[index] ?? '');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const changed = parts.with(index, toBase64url(bytes)).join('.');
      await expect(open(changed, opener, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    }
  });

  it('that is cut short or has a part of another length is refused', async () => {
    const parts = jwe.split('.');
    const cut = [
      jwe.slice(0, -1),
      jwe.slice(0, -4),
      parts.slice(0, 4).join('.'),
      `${jwe}.`,
      '....',
      '',
    ];
    for (const index of [1, 2, 4])
      cut.push(parts.with(index, '').join('.'), parts.with(index, 'AAAA').join('.'));
    for (const one of cut) {
      expect(() => readJweHeader(one, BYTES_MAX)).toThrow(refusal('MALFORMED'));
      await expect(open(one, opener, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    }
  });

  it('over its size is refused before it is decrypted', async () => {
    // The key cannot be used at all: only a refusal made before it is touched passes.
    const unusable = { kid: opener.kid } as OpeningKey;
    await expect(open(jwe, unusable, jwe.length - 1)).rejects.toThrow(refusal('TOO_LARGE'));
    await expect(open(jwe, opener, jwe.length)).resolves.toEqual(plaintext);
  });
});

describe('the header of a sealed text', () => {
  it.each([
    { alg: 'ECDH-ES', enc: 'A256GCM' },
    { alg: 'ECDH-ES+A128KW', enc: 'A256GCM' },
    { alg: 'ECDH-ES+A256KW', enc: 'A128GCM' },
    { alg: 'ECDH-ES+A256KW', enc: 'A256CBC-HS512' },
  ])('may not have $alg with $enc', async (algorithms) => {
    await expect(open(await sealedAs(algorithms), opener, BYTES_MAX)).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
  });

  it.each(['none', 'dir', 'RSA-OAEP', 'PBES2-HS256+A128KW', 'A256KW', null])(
    'may not have alg %j',
    (alg) => {
      expect(() =>
        readJweHeader(
          withHeader((header) => ({ ...header, alg })),
          BYTES_MAX,
        ),
      ).toThrow(refusal('ALG_NOT_ALLOWED'));
    },
  );

  it('may not have another typ, or none', async () => {
    const [alg, enc] = ['ECDH-ES+A256KW', 'A256GCM'];
    const other = await sealedAs({ alg, enc, typ: 'srx-message.v1+jws' });
    await expect(open(other, opener, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    expect(() =>
      readJweHeader(
        withHeader((header) => ({ ...header, typ: undefined })),
        BYTES_MAX,
      ),
    ).toThrow(refusal('MALFORMED'));
  });

  it.each([
    { jwk: {} },
    { jku: 'https://keys.example' },
    { x5u: 'https://keys.example' },
    { x5c: [] },
    { zip: 'DEF' },
    { crit: ['exp'] },
    { b64: true },
    { apu: 'AA' },
    { apv: 'AA' },
    { p2c: 1 },
    { cty: 'x' },
  ])('may not have %j', (change) => {
    const forged = withHeader((header) => ({ ...header, ...change }));
    expect(() => readJweHeader(forged, BYTES_MAX)).toThrow(refusal('MALFORMED'));
  });

  it('may not name a member twice, nor one of its epk', () => {
    const kid = withHeader((header) => JSON.stringify(header).replace('{', '{"kid":"x",'));
    const epk = withHeader((header) =>
      JSON.stringify(header).replace('"epk":{', '"epk":{"crv":"P-256",'),
    );
    for (const forged of [kid, epk]) {
      expect(() => readJweHeader(forged, BYTES_MAX)).toThrow(/twice/);
    }
  });

  it('may not have an epk of another curve, with more members, or none', async () => {
    const pair = await generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true });
    const curve = await new CompactEncrypt(plaintext)
      .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: sealer.kid, typ: TYP })
      .encrypt(pair.publicKey);
    await expect(open(curve, opener, BYTES_MAX)).rejects.toThrow(refusal('ALG_NOT_ALLOWED'));
    const { epk } = headerOf(jwe);
    for (const bad of [
      { ...epk, d: epk.x },
      { ...epk, x: 'AA' },
      { ...epk, x: 7 },
      'epk',
      null,
      [],
    ]) {
      const forged = withHeader((header) => ({ ...header, epk: bad }));
      expect(() => readJweHeader(forged, BYTES_MAX)).toThrow(refusal('MALFORMED'));
    }
    expect(() =>
      readJweHeader(
        withHeader((header) => ({ ...header, epk: undefined })),
        BYTES_MAX,
      ),
    ).toThrow(refusal('MALFORMED'));
  });

  it('with an epk that gives everybody the same secret does not open', async () => {
    const zero = { kty: 'OKP', crv: 'X25519', x: toBase64url(new Uint8Array(32)) };
    const forged = withHeader((header) => ({ ...header, epk: zero }));
    await expect(open(forged, opener, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
  });
});
