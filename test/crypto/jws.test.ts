import { createHmac } from 'node:crypto';

import { CompactSign } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';

import { fromBase64url, toBase64url } from '#crypto/digest.ts';
import { readJwsHeader, readUnverifiedPayload, signJws, verifyJws } from '#crypto/jws.ts';
import {
  createSigningKey,
  importVerifyKey,
  type SigningKey,
  type VerifyKey,
} from '#crypto/keys.ts';

const TYP = 'srx-message.v1+jws';
const BYTES_MAX = 4096;
const payload = new TextEncoder().encode('an invented payload');
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });
const text = (value: string) => toBase64url(new TextEncoder().encode(value));

let signer: SigningKey;
let verifier: VerifyKey;
let jws: string;
beforeAll(async () => {
  signer = await createSigningKey();
  verifier = await importVerifyKey(signer.publicJwk);
  jws = await signJws(signer, TYP, payload);
});

/** A header of the attacker's choice, rightly signed by the key. */
async function signedWith(header: string): Promise<string> {
  const input = `${text(header)}.${toBase64url(payload)}`;
  const signature = await crypto.subtle.sign('Ed25519', signer.privateKey, Buffer.from(input));
  return `${input}.${toBase64url(new Uint8Array(signature))}`;
}

const header = (change: object) =>
  JSON.stringify({ alg: 'Ed25519', kid: signer.kid, typ: TYP, ...change });

describe('a signature', () => {
  it('gives back the payload that was signed', async () => {
    expect(await verifyJws(jws, TYP, verifier, BYTES_MAX)).toEqual(payload);
    expect(readUnverifiedPayload(jws)).toEqual(payload);
    expect(readJwsHeader(jws, BYTES_MAX, TYP)).toEqual({ kid: signer.kid });
  });

  it('has a header of alg, kid and typ and nothing else', () => {
    const written = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString());
    expect(written).toEqual({ alg: 'Ed25519', kid: signer.kid, typ: TYP });
  });

  it('of another key, a changed payload or changed signature is refused, all with one answer', async () => {
    const other = await createSigningKey();
    const [head, body, mark] = jws.split('.') as [string, string, string];
    const foreign = (await signJws(other, TYP, payload)).split('.');
    const flipped = fromBase64url(mark);
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    const forged = [
      foreign.join('.'), // a kid that is not this key's
      `${head}.${body}.${foreign[2]}`, // swapped
      `${head}.${text('another payload')}.${mark}`,
      `${head}.${body}.${toBase64url(flipped)}`,
      `${head}.${body}.${toBase64url(new Uint8Array(64))}`,
    ];
    const messages = new Set<string>();
    for (const one of forged) {
      const error = await verifyJws(one, TYP, verifier, BYTES_MAX).catch((cause: Error) => cause);
      expect(error).toEqual(refusal('UNAUTHENTICATED'));
      messages.add((error as Error).message);
    }
    expect(messages.size).toBe(1);
  });

  it('counts only under the kid that it names, though the key is the same', async () => {
    const renamed = { ...verifier, kid: (await createSigningKey()).kid };
    await expect(verifyJws(jws, TYP, renamed, BYTES_MAX)).rejects.toThrow(
      refusal('UNAUTHENTICATED'),
    );
  });

  it('that is stripped or cut short is refused', async () => {
    const [head, body] = jws.split('.');
    for (const cut of [
      `${head}.${body}.`,
      `${head}.${body}`,
      jws.slice(0, -1),
      jws.slice(0, -4),
      '',
      '..',
      `${jws}.`,
    ]) {
      await expect(verifyJws(cut, TYP, verifier, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    }
  });

  it('in another spelling of the same bytes is refused', async () => {
    const [head, body, mark = ''] = jws.split('.');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet[alphabet.indexOf(mark.at(-1) ?? '') + 1];
    const respelled = [
      `${jws}==`,
      `${head}.${body}.${mark.slice(0, -1)}${last}`,
      `${jws}\n`,
      ` ${jws}`,
    ];
    for (const one of respelled) {
      await expect(verifyJws(one, TYP, verifier, BYTES_MAX)).rejects.toThrow(refusal('MALFORMED'));
    }
  });

  it('over its size is refused before anything is read', async () => {
    await expect(verifyJws(jws, TYP, verifier, jws.length - 1)).rejects.toThrow(
      refusal('TOO_LARGE'),
    );
    await expect(verifyJws('!'.repeat(99), TYP, verifier, 98)).rejects.toThrow(
      refusal('TOO_LARGE'),
    );
    await expect(verifyJws(jws, TYP, verifier, jws.length)).resolves.toEqual(payload);
  });

  it('for another type of document is refused', async () => {
    const receipt = await signJws(signer, 'srx-receipt.v1+jws', payload);
    await expect(verifyJws(receipt, TYP, verifier, BYTES_MAX)).rejects.toThrow(
      refusal('MALFORMED'),
    );
  });
});

describe('the algorithm', () => {
  it.each([
    'none',
    'None',
    'EdDSA',
    'ed25519',
    'Ed448',
    'HS256',
    'ES256',
    'RS256',
    '',
    null,
    7,
    ['Ed25519'],
  ])('may not be %j, though the signature is right', async (alg) => {
    const forged = await signedWith(header({ alg }));
    await expect(verifyJws(forged, TYP, verifier, BYTES_MAX)).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
  });

  it('none without a signature is refused for its algorithm', () => {
    const forged = `${text(header({ alg: 'none' }))}.${toBase64url(payload)}.`;
    expect(() => readJwsHeader(forged, BYTES_MAX, TYP)).toThrow(refusal('ALG_NOT_ALLOWED'));
  });

  it('HS256 keyed with the public key is refused', async () => {
    const input = `${text(header({ alg: 'HS256' }))}.${toBase64url(payload)}`;
    const mac = createHmac('sha256', fromBase64url(signer.publicJwk.x)).update(input);
    const forged = `${input}.${mac.digest('base64url')}`;
    await expect(verifyJws(forged, TYP, verifier, BYTES_MAX)).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
  });

  it('EdDSA, the older name, is refused even when made by a library', async () => {
    const old = await new CompactSign(payload)
      .setProtectedHeader({ alg: 'EdDSA', kid: signer.kid, typ: TYP })
      .sign(signer.privateKey);
    await expect(verifyJws(old, TYP, verifier, BYTES_MAX)).rejects.toThrow(
      refusal('ALG_NOT_ALLOWED'),
    );
  });
});

describe('the header', () => {
  it.each([
    { jwk: { kty: 'OKP' } },
    { jku: 'https://keys.example' },
    { x5u: 'https://keys.example' },
    { x5c: ['AA'] },
    { x5t: 'AA' },
    { 'x5t#S256': 'AA' },
    { zip: 'DEF' },
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { b64: true },
    { cty: 'text' },
    { enc: 'A256GCM' },
    { ['__proto__x']: 1 },
  ])('with %j is refused, though the signature is right', async (change) => {
    const forged = await signedWith(header(change));
    await expect(verifyJws(forged, TYP, verifier, BYTES_MAX)).rejects.toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(MALFORMED|ALG_NOT_ALLOWED)$/) }),
    );
  });

  it('that names a member twice is refused, however it is written', async () => {
    const { kid } = signer;
    const forged = [
      `{"alg":"none","alg":"Ed25519","kid":"${kid}","typ":"${TYP}"}`,
      `{"alg":"Ed25519","kid":"other","kid" : "${kid}","typ":"${TYP}"}`,
      `{"alg":"Ed25519","kid":"${kid}","typ":"x","\\u0074yp":"${TYP}"}`,
    ];
    for (const one of forged) {
      const signed = await signedWith(one);
      await expect(verifyJws(signed, TYP, verifier, BYTES_MAX)).rejects.toThrow(/twice/);
    }
  });

  it('in another order and with spaces is the same header', async () => {
    const signed = await signedWith(
      `{ "typ" : "${TYP}", "kid":"${signer.kid}",\n"alg":"Ed25519" }`,
    );
    await expect(verifyJws(signed, TYP, verifier, BYTES_MAX)).resolves.toEqual(payload);
  });

  it.each(['[]', '"a"', 'null', '{', '{}x', '\ufeff{}', '', '{"__proto__":{"alg":"Ed25519"}}'])(
    '%j is refused',
    (json) => {
      expect(() => readJwsHeader(`${text(json)}.AA.AA`, BYTES_MAX, TYP)).toThrow(
        expect.objectContaining({ name: 'Refusal' }),
      );
    },
  );

  it('that is not UTF-8 is refused', () => {
    const bytes = Buffer.concat([Buffer.from('{"alg":"'), Buffer.of(0xff), Buffer.from('"}')]);
    expect(() => readJwsHeader(`${toBase64url(bytes)}.AA.AA`, BYTES_MAX, TYP)).toThrow(
      refusal('MALFORMED'),
    );
  });

  it('without a kid, or with one that is no thumbprint, is refused', async () => {
    for (const change of [
      { kid: undefined },
      { kid: 'a' },
      { kid: 7 },
      { kid: `${signer.kid}A` },
    ]) {
      const forged = await signedWith(header(change));
      await expect(verifyJws(forged, TYP, verifier, BYTES_MAX)).rejects.toThrow(
        refusal('MALFORMED'),
      );
    }
  });

  it('is never repeated in the refusal', async () => {
    const forged = await signedWith(header({ canaryname: 'canaryvalue', typ: 'canarytyp' }));
    const error = await verifyJws(forged, TYP, verifier, BYTES_MAX).catch((cause: Error) => cause);
    expect(String(error)).not.toMatch(/canary/);
  });
});
