// Sealing: compact JWE (RFC 7516), ECDH-ES+A256KW over X25519 (RFC 8037) with
// A256GCM and nothing else. Padding to the size classes is the parcel's own.
import { CompactEncrypt, compactDecrypt } from 'jose';

import { Refusal } from '#model/refusal.ts';

import { checkHeader, readCompact } from './compact.ts';
import type { OpeningKey, SealingKey } from './keys.ts';
import { isObject } from './strict-json.ts';

const ALG = 'ECDH-ES+A256KW';
const ENC = 'A256GCM';
const TYP = 'srx-parcel+jwe';

// A 32-byte key wrapped, a 96-bit IV, a 128-bit tag: in characters, with what they are.
const FIXED_PARTS = [
  [1, 54, 'encrypted key'],
  [2, 16, 'initialization vector'],
  [4, 22, 'authentication tag'],
] as const;

export function seal(key: SealingKey, plaintext: Uint8Array): Promise<string> {
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: ALG, enc: ENC, kid: key.kid, typ: TYP })
    .encrypt(key.publicKey);
}

/**
 * For which key it is sealed. Nothing is decrypted yet.
 * @throws Refusal TOO_LARGE, MALFORMED or ALG_NOT_ALLOWED.
 */
export function readJweHeader(jwe: string, bytesMax: number): { kid: string } {
  const { header, parts } = readCompact(jwe, 5, bytesMax);
  const checked = checkHeader(header, { alg: ALG, enc: ENC, typ: TYP }, ['kid', 'epk']);
  checkEphemeralKey(header['epk']);
  for (const [index, length, name] of FIXED_PARTS) {
    if (parts[index]?.length !== length) {
      throw new Refusal('MALFORMED', `The sealed text's ${name} has the wrong length.`);
    }
  }
  return checked;
}

/**
 * The plaintext. Size and header are checked before a key is touched.
 * @throws Refusal as readJweHeader, or MALFORMED if this key does not open it.
 */
export async function open(jwe: string, key: OpeningKey, bytesMax: number): Promise<Uint8Array> {
  const { kid } = readJweHeader(jwe, bytesMax);
  if (kid !== key.kid) throw notOpened();
  try {
    const { plaintext } = await compactDecrypt(jwe, key.privateKey, {
      keyManagementAlgorithms: [ALG],
      contentEncryptionAlgorithms: [ENC],
    });
    return plaintext;
  } catch (cause) {
    throw notOpened(cause);
  }
}

function checkEphemeralKey(epk: unknown): void {
  if (!isObject(epk)) throw new Refusal('MALFORMED', 'Header epk must be a public key.');
  if (epk['kty'] !== 'OKP' || epk['crv'] !== 'X25519') {
    throw new Refusal('ALG_NOT_ALLOWED', 'Header epk must be an X25519 key.');
  }
  const isWellFormed = Object.keys(epk).length === 3 && /^[\w-]{43}$/.test(String(epk['x']));
  if (!isWellFormed) throw new Refusal('MALFORMED', 'Header epk has exactly kty, crv and x.');
}

function notOpened(cause?: unknown): Refusal {
  return new Refusal('MALFORMED', 'The sealed text does not open with the key that it names.', {
    cause,
  });
}
