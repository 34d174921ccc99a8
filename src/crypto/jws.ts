// Signatures: compact JWS (RFC 7515) with Ed25519 (RFC 9864) and nothing else.
import { CompactSign, compactVerify } from 'jose';

import { Refusal, unauthenticated } from '#model/refusal.ts';

import { type Compact, checkHeader, readCompact } from './compact.ts';
import { fromBase64url, toBase64url } from './digest.ts';
import type { SigningKey, VerifyKey } from './keys.ts';

const ALG = 'Ed25519';
const SIGNATURE_CHARACTERS = 86; // 64 bytes

/** The payload under a header of exactly alg, kid and typ. */
export function signJws(key: SigningKey, typ: string, payload: Uint8Array): Promise<string> {
  return new CompactSign(payload)
    .setProtectedHeader({ alg: ALG, kid: key.kid, typ })
    .sign(key.privateKey);
}

/**
 * Which key is said to have signed. Nothing is verified yet.
 * @throws Refusal TOO_LARGE, MALFORMED or ALG_NOT_ALLOWED.
 */
export function readJwsHeader(jws: string, bytesMax: number, typ: string): { kid: string } {
  return readHeader(readCompact(jws, 3, bytesMax), typ);
}

/** The payload as anybody could have written it: to find out whose key to ask for, and no more. */
export function readUnverifiedPayload(jws: string): Uint8Array {
  const [, payload] = jws.split('.', 4);
  if (payload === undefined) throw new Refusal('MALFORMED', 'The compact form has 3 parts.');
  return fromBase64url(payload);
}

/**
 * The payload, if this key signed it.
 * @throws Refusal as readJwsHeader, or UNAUTHENTICATED: a foreign kid and a bad signature look alike.
 */
export async function verifyJws(
  jws: string,
  typ: string,
  key: VerifyKey,
  bytesMax: number,
): Promise<Uint8Array> {
  const { kid } = readJwsHeader(jws, bytesMax, typ);
  if (kid !== key.kid) throw unauthenticated();
  try {
    const { payload } = await compactVerify(jws, key.publicKey, { algorithms: [ALG] });
    return payload;
  } catch (cause) {
    throw unauthenticated(cause);
  }
}

/** Payload and signature; nothing is verified. For where there is no room for the header. */
export function splitJws(jws: string): { payload: Uint8Array; signature: Uint8Array } {
  const [, payload, signature] = jws.split('.', 4);
  if (payload === undefined || signature === undefined) {
    throw new Refusal('MALFORMED', 'The compact form has 3 parts.');
  }
  return { payload: fromBase64url(payload), signature: fromBase64url(signature) };
}

/** The JWS of these parts under the header that signJws writes, and no other. */
export function joinJws(
  kid: string,
  typ: string,
  payload: Uint8Array,
  signature: Uint8Array,
): string {
  const header = Buffer.from(JSON.stringify({ alg: ALG, kid, typ }));
  return [header, payload, signature].map(toBase64url).join('.');
}

function readHeader({ header, parts }: Compact, typ: string): { kid: string } {
  const checked = checkHeader(header, { alg: ALG, typ }, ['kid']);
  if (parts[2]?.length !== SIGNATURE_CHARACTERS) {
    throw new Refusal('MALFORMED', 'An Ed25519 signature has 64 bytes.');
  }
  return checked;
}
