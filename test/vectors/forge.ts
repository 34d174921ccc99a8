// Signed texts with a header of anybody's choice: what an attacker can make.
import { createHmac, createPrivateKey, sign } from 'node:crypto';

import { toBase64url } from '#crypto/digest.ts';
import type { PrivateJwk } from '#crypto/keys.ts';

/** A header as the text that is signed, so that it can be wrong in any way. */
export function headerText(members: Record<string, unknown>): string {
  return JSON.stringify(members);
}

/** Rightly signed by the key, whatever the header says. */
export function forge(header: string | Uint8Array, payload: string, key: PrivateJwk): string {
  const input = `${toBase64url(Buffer.from(header))}.${payload}`;
  const privateKey = createPrivateKey({ key: { ...key }, format: 'jwk' });
  return `${input}.${toBase64url(sign(null, Buffer.from(input), privateKey))}`;
}

/** Authenticated by the public key as if it were a secret. */
export function forgeHmac(header: string, payload: string, secret: Uint8Array): string {
  const input = `${toBase64url(Buffer.from(header))}.${payload}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** The compact form's parts. */
export function partsOf(text: string): string[] {
  return text.split('.');
}
