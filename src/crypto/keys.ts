// Keys of the protocol: Ed25519 to sign, X25519 to seal, as JWK (RFC 8037) at
// the edge and as CryptoKey inside, imported once. Their kid is the RFC 7638 thumbprint.
import { generateKeyPairSync } from 'node:crypto';

import { type CryptoKey, exportJWK, importJWK } from 'jose';
import { z } from 'zod';

import { Refusal } from '#model/refusal.ts';

import { fromBase64url, sha256 } from './digest.ts';

export type Curve = 'Ed25519' | 'X25519';
export type PublicJwk = { kty: 'OKP'; crv: Curve; x: string; kid: string };
export type PrivateJwk = PublicJwk & { d: string };

export type SigningKey = { kid: string; privateKey: CryptoKey; publicJwk: PublicJwk };
export type VerifyKey = { kid: string; publicKey: CryptoKey };
export type OpeningKey = { kid: string; privateKey: CryptoKey; publicJwk: PublicJwk };
export type SealingKey = { kid: string; publicKey: CryptoKey };

const USES = {
  Ed25519: { use: 'sig', alg: 'Ed25519' },
  X25519: { use: 'enc', alg: 'ECDH-ES+A256KW' },
} as const;

// Unknown members are dropped (RFC 7517 section 4); a private part is not.
const text = z.string().max(64);
const JwkShape = z.object({
  x: text,
  kid: text.optional(),
  use: text.optional(),
  alg: text.optional(),
  d: text.optional(),
});

export function createSigningKey(): Promise<SigningKey> {
  return importSigningKey(createPrivateJwk('Ed25519'));
}

export function createOpeningKey(): Promise<OpeningKey> {
  return importOpeningKey(createPrivateJwk('X25519'));
}

/** A new key pair in the form in which it can be kept; only the keyring should. */
export function createPrivateJwk(crv: Curve): PrivateJwk {
  // Two calls, because the types of Node know each curve by its own overload.
  const { privateKey } =
    crv === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  const { x, d } = privateKey.export({ format: 'jwk' });
  if (x === undefined || d === undefined) throw new Error('the platform made an incomplete key');
  return { kty: 'OKP', crv, x, kid: thumbprint(crv, x), d };
}

/** @throws Refusal ALG_NOT_ALLOWED for any other kind of key, MALFORMED for a bad one. */
export async function importVerifyKey(jwk: unknown): Promise<VerifyKey> {
  const publicJwk = readPublicJwk(jwk, 'Ed25519');
  refuseWeakSigner(fromBase64url(publicJwk.x));
  return { kid: publicJwk.kid, publicKey: await importCryptoKey(publicJwk) };
}

/** @throws Refusal ALG_NOT_ALLOWED for any other kind of key, MALFORMED for a bad one. */
export async function importSealingKey(jwk: unknown): Promise<SealingKey> {
  const publicJwk = readPublicJwk(jwk, 'X25519');
  const publicKey = await importCryptoKey(publicJwk);
  await refuseWeakSealer(publicKey);
  return { kid: publicJwk.kid, publicKey };
}

/** The key as it is published, to stand beside what it verifies. */
export async function exportVerifyKey(key: VerifyKey): Promise<PublicJwk> {
  return readPublicJwk(await exportJWK(key.publicKey), 'Ed25519');
}

export function importSigningKey(privateJwk: unknown): Promise<SigningKey> {
  return importPrivate(privateJwk, 'Ed25519');
}

export function importOpeningKey(privateJwk: unknown): Promise<OpeningKey> {
  return importPrivate(privateJwk, 'X25519');
}

/** RFC 7638 section 3.2 with the members of RFC 8037 section 2. */
function thumbprint(crv: Curve, x: string): string {
  return sha256(JSON.stringify({ crv, kty: 'OKP', x }));
}

/** The public key in its own form: kty, crv, x and kid, whatever else came with it. */
export function readPublicJwk(jwk: unknown, crv: Curve): PublicJwk {
  const { d, ...publicJwk } = readJwk(jwk, crv);
  if (d !== undefined) {
    throw new Refusal(
      'MALFORMED',
      'A public key was given with its private part: replace the key.',
    );
  }
  return publicJwk;
}

async function importPrivate(jwk: unknown, crv: Curve) {
  const { d, ...publicJwk } = readJwk(jwk, crv);
  if (d === undefined) throw new Refusal('MALFORMED', 'The key has no private part d.');
  // The platform refuses an x that does not belong to d (a test holds it to that).
  return { kid: publicJwk.kid, privateKey: await importCryptoKey({ ...publicJwk, d }), publicJwk };
}

function readJwk(jwk: unknown, crv: Curve): PublicJwk & { d: string | undefined } {
  const kind = z.object({ kty: z.literal('OKP'), crv: z.literal(crv) }).safeParse(jwk);
  if (!kind.success) throw new Refusal('ALG_NOT_ALLOWED', `The key must be OKP on ${crv}.`);
  const shape = JwkShape.safeParse(jwk);
  if (!shape.success) throw new Refusal('MALFORMED', `The ${crv} key is not a JWK of RFC 8037.`);
  const { x, d, kid, use, alg } = shape.data;
  if ((use ?? USES[crv].use) !== USES[crv].use || (alg ?? USES[crv].alg) !== USES[crv].alg) {
    throw new Refusal('ALG_NOT_ALLOWED', `The ${crv} key is meant for another use or algorithm.`);
  }
  for (const part of d === undefined ? [x] : [x, d]) {
    if (fromBase64url(part).length !== 32) {
      throw new Refusal('MALFORMED', `The parts of an ${crv} key have 32 bytes.`);
    }
  }
  const own = thumbprint(crv, x);
  if (kid !== undefined && kid !== own) {
    throw new Refusal('MALFORMED', 'The kid of a key must be its RFC 7638 thumbprint.');
  }
  return { kty: 'OKP', crv, x, kid: own, d };
}

async function importCryptoKey(jwk: PublicJwk | PrivateJwk): Promise<CryptoKey> {
  try {
    const key = await importJWK({ ...jwk }, USES[jwk.crv].alg, { extractable: !('d' in jwk) });
    if (key instanceof Uint8Array) throw new TypeError('not an asymmetric key');
    return key;
  } catch (cause) {
    throw new Refusal('MALFORMED', `The ${jwk.crv} key is not valid.`, { cause });
  }
}

// Points of small order (RFC 8032 section 5.1, order 1 to 8): a signature under
// one fits many messages, so its owner could deny each. y, little endian, in hex.
const WEAK_SIGNERS = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function refuseWeakSigner(point: Uint8Array): void {
  const y = Buffer.from(point);
  y.writeUInt8(y.readUInt8(31) & 0x7f, 31);
  const isOverField = y[31] === 0x7f && y.subarray(1, 31).every((b) => b === 0xff) && y[0]! >= 0xed;
  if (isOverField || WEAK_SIGNERS.has(y.toString('hex'))) {
    throw new Refusal('MALFORMED', 'The Ed25519 key is a weak point: make a new one.');
  }
}

// With a point of small order the shared secret is zero, and the platform
// refuses (RFC 7748 section 6.1): better now than at the first parcel.
async function refuseWeakSealer(publicKey: CryptoKey): Promise<void> {
  try {
    const trial = await crypto.subtle.generateKey('X25519', false, ['deriveBits']);
    if (!('privateKey' in trial)) throw new TypeError('not a key pair');
    await crypto.subtle.deriveBits({ name: 'X25519', public: publicKey }, trial.privateKey, 256);
  } catch (cause) {
    throw new Refusal('MALFORMED', 'The X25519 key is a weak point: make a new one.', { cause });
  }
}
