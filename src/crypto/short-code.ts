// A short code that a person can type, and what is sealed under it: who has only
// the sealed text learns nothing, not even what it is.
import { createSecretKey, type KeyObject, scrypt } from 'node:crypto';

import { Refusal } from '#model/refusal.ts';

import { decryptWith, encryptWith } from './at-rest.ts';
import { plainBase32, toBase32 } from './base32.ts';
import { fromBase64url, randomBytes, toBase64url } from './digest.ts';

const CODE_DIGITS = 12; // 60 bits
const SALT_BYTES = 16;
/** RFC 7914: 32 MiB and about a tenth of a second for each code that is tried. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/** 60 random bits as XXXX-XXXX-XXXX. */
export function createShortCode(): string {
  return grouped(toBase32(randomBytes(8)).slice(0, CODE_DIGITS));
}

/** The code in the one way of writing it. @throws Refusal MALFORMED with how it looks. */
export function readShortCode(text: string): string {
  const digits = text.length > 64 ? '' : plainBase32(text);
  if (digits.length === CODE_DIGITS) return grouped(digits);
  throw new Refusal('MALFORMED', 'The code has 12 letters and digits, such as 7K2M-9QDX-4TVB.');
}

/** @returns salt ‖ iv ‖ ciphertext ‖ tag: no byte of it is the same twice, or says what it is. */
export async function sealUnderCode(
  code: string,
  context: string,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const salt = randomBytes(SALT_BYTES);
  const sealed = encryptWith(await keyOf(code, salt), context, plaintext);
  return new Uint8Array(Buffer.concat([salt, fromBase64url(sealed)]));
}

/** @throws Refusal MALFORMED, or UNAUTHENTICATED: a wrong code and a changed text look alike. */
export async function openUnderCode(
  code: string,
  context: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const key = await keyOf(code, bytes.subarray(0, SALT_BYTES));
  try {
    return decryptWith(key, context, toBase64url(bytes.subarray(SALT_BYTES)));
  } catch (cause) {
    throw new Refusal(
      'UNAUTHENTICATED',
      'Code and text do not fit: type the code again, or scan the paper again.',
      { cause },
    );
  }
}

async function keyOf(code: string, salt: Uint8Array): Promise<KeyObject> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(readShortCode(code), salt, 32, SCRYPT, (error, key) => {
    if (error) reject(error);
    else resolve(key);
  });
  return createSecretKey(await promise);
}

function grouped(digits: string): string {
  return digits.replace(/(.{4})(?=.)/g, '$1-');
}
