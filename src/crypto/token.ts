// Staff tokens: 256 random bits, shown once, kept only as their digest.
import { randomBytes, sha256, toBase64url } from './digest.ts';

export function createToken(): string {
  return `srx_${toBase64url(randomBytes(32))}`;
}

/** SHA-256 without stretching: a token has 256 bits and cannot be guessed. */
export function tokenDigest(token: string): string {
  return sha256(token);
}
