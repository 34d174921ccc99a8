// Encryption at rest: AES-256-GCM (NIST SP 800-38D) with a random 96-bit IV. A key
// serves one referral or case, far below the 2^32 encryptions that this allows.
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

import { Refusal } from '#model/refusal.ts';

import { fromBase64url, randomBytes, toBase64url } from './digest.ts';

/** A KeyObject, so that neither a log nor JSON can show the secret. */
export type DataKey = { id: string; secret: KeyObject };

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * @param context what the text is and where it belongs; the same is needed to decrypt,
 *   so a row that was moved to another place does not open there.
 * @returns base64url of iv ‖ ciphertext ‖ tag.
 */
export function encryptAtRest(key: DataKey, context: string, plaintext: Uint8Array): string {
  return encryptWith(key.secret, context, plaintext);
}

/** @throws Refusal KEY_UNAVAILABLE if key or context are not those of the encryption. */
export function decryptAtRest(key: DataKey, context: string, text: string): Uint8Array {
  return decryptWith(key.secret, context, text);
}

export function encryptWith(secret: KeyObject, context: string, plaintext: Uint8Array): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, secret, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return toBase64url(
    Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
  );
}

export function decryptWith(secret: KeyObject, context: string, text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (bytes.length < IV_BYTES + TAG_BYTES) throw notDecrypted();
  const end = bytes.length - TAG_BYTES;
  try {
    const decipher = createDecipheriv(CIPHER, secret, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(end));
    const plaintext = Buffer.concat([
      decipher.update(bytes.subarray(IV_BYTES, end)),
      decipher.final(),
    ]);
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  } catch (cause) {
    throw notDecrypted(cause);
  }
}

function notDecrypted(cause?: unknown): Refusal {
  return new Refusal('KEY_UNAVAILABLE', 'Stored data does not open with its key.', { cause });
}
