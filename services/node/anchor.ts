// The pinned anchor: the registry's federation key from a file that the operator
// got from the registry by another way than the network.
import { readFile } from 'node:fs/promises';

import { importVerifyKey } from '#crypto/keys.ts';
import { isObject } from '#crypto/strict-json.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Anchor } from '#trust/verify-chain.ts';

/**
 * @param keyFile one JWK, or a JWK set while one key replaces another.
 * @throws Refusal BAD_CONFIG
 */
export async function loadAnchor(entityId: string, keyFile: string): Promise<Anchor> {
  let text: string;
  try {
    text = await readFile(keyFile, 'utf8');
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'The anchor file cannot be read: correct its path or rights, or get it from the registry anew.',
      { cause },
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    const jwks: unknown[] =
      isObject(value) && Array.isArray(value['keys']) ? value['keys'] : [value];
    if (jwks.length === 0 || jwks.length > limits.anchorKeysMax)
      throw new Error('the number of keys is wrong');
    return { entityId, keys: await Promise.all(jwks.map((jwk) => importVerifyKey(jwk))) };
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'The anchor file does not hold the registry’s federation key as a JWK: get it from the registry anew.',
      { cause },
    );
  }
}
