// Sealing step by step (RFC 7518 section 4.6, RFC 3394, RFC 8037 section 3.2), with
// nothing random in it and any header: the program's own seal can make neither.
import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

import { toBase64url } from '#crypto/digest.ts';
import { keyFrom, publicJwkOf } from './parties.ts';

const ALG = 'ECDH-ES+A256KW';

type Header = Record<string, unknown>;
export type SealedHeader = {
  alg: string;
  enc: string;
  kid: string;
  typ: string;
  epk: { kty: string; crv: string; x: string };
};

/**
 * @param label makes the ephemeral key, the content key and the IV
 * @param bend the header as it is written and authenticated
 */
export function sealByHand(
  label: string,
  recipient: { x: string; kid: string },
  plaintext: Uint8Array,
  bend: (header: SealedHeader) => string | Header = (header) => header,
): string {
  const ephemeral = keyFrom(`ephemeral ${label}`, 'X25519');
  const { kty, crv, x } = publicJwkOf(ephemeral);
  const right = { alg: ALG, enc: 'A256GCM', kid: recipient.kid, typ: 'srx-parcel+jwe' };
  const bent = bend({ ...right, epk: { kty, crv, x } });
  const text = typeof bent === 'string' ? bent : JSON.stringify(bent);
  const head = toBase64url(Buffer.from(text));
  const { apu } = typeof bent === 'string' ? { apu: undefined } : bent;

  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: { kty, crv, x, d: ephemeral.d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: { kty, crv, x: recipient.x }, format: 'jwk' }),
  });
  const contentKey = bytesOf(`content key ${label}`);
  const wrapping = createCipheriv(
    'id-aes256-wrap',
    wrappingKey(secret, apu),
    Buffer.alloc(8, 0xa6),
  );
  const wrapped = Buffer.concat([wrapping.update(contentKey), wrapping.final()]);
  const iv = bytesOf(`iv ${label}`).subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(head));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [head, ...[wrapped, iv, sealed, cipher.getAuthTag()].map(toBase64url)].join('.');
}

function bytesOf(label: string): Buffer {
  return createHash('sha256').update(`srx vectors: ${label}`).digest();
}

/** The Concat KDF of NIST SP 800-56A for 256 bits: one round of SHA-256. */
function wrappingKey(secret: Buffer, apu: unknown): Buffer {
  const bits = u32(256);
  const partyU = Buffer.from(typeof apu === 'string' ? apu : '', 'base64url');
  const info = [prefixed(Buffer.from(ALG)), prefixed(partyU), prefixed(Buffer.alloc(0)), bits];
  return createHash('sha256')
    .update(Buffer.concat([u32(1), secret, ...info]))
    .digest();
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
