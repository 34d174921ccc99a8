// Public keys, imported once: an import costs more than the verification that
// it serves. A kid is the thumbprint of its key, so it cannot mean two.
import {
  importSealingKey,
  importVerifyKey,
  type SealingKey,
  type VerifyKey,
} from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { TrustFailure, type TrustReason } from './trust-failure.ts';

export class KeyCache {
  readonly #verify = new Map<string, VerifyKey>();
  readonly #seal = new Map<string, SealingKey>();

  /** @throws TrustFailure `reason` for any key but a good Ed25519 one with its thumbprint as kid. */
  verifyKey(jwk: { kid: string }, reason: TrustReason): Promise<VerifyKey> {
    return remember(this.#verify, jwk, () => importVerifyKey(jwk), reason);
  }

  /** @throws TrustFailure `reason` for any key but a good X25519 one with its thumbprint as kid. */
  sealingKey(jwk: { kid: string }, reason: TrustReason): Promise<SealingKey> {
    return remember(this.#seal, jwk, () => importSealingKey(jwk), reason);
  }
}

async function remember<K extends { kid: string }>(
  known: Map<string, K>,
  jwk: { kid: string },
  importKey: () => Promise<K>,
  reason: TrustReason,
): Promise<K> {
  const id = JSON.stringify(jwk); // the whole of it: a kid alone is only said
  const present = known.get(id);
  if (present) return present;
  try {
    const key = await importKey();
    if (known.size >= limits.keysCachedMax) known.clear();
    known.set(id, key);
    return key;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new TrustFailure(reason, cause.message, { cause });
  }
}
