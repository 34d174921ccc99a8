// The registry's short word that a key signed for a member at a time: what a paper
// receipt carries, because a whole chain of statements does not fit on paper.
import { z } from 'zod';

import { joinJws, signJws, splitJws, verifyJws } from '#crypto/jws.ts';
import { importVerifyKey, type PublicJwk, type SigningKey, type VerifyKey } from '#crypto/keys.ts';
import { readStrictJsonObject } from '#crypto/strict-json.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import { TrustFailure } from './trust-failure.ts';
import type { Anchor } from './verify-chain.ts';

/** Of its own: no message and no statement passes for an attestation. */
export const KEY_ATTESTATION_TYP = 'srx-key-attestation.v1+jws';

const seconds = z.int().min(1).max(253_402_300_799);

const Claims = z.strictObject({
  /** The registry. */
  iss: entityId,
  /** The member. */
  sub: entityId,
  iat: seconds,
  /** At most a day later: what the key signs after it is not attested. */
  exp: seconds,
  /** The Ed25519 key as in a JWK. */
  x: z.string().length(43),
});
type Claims = z.infer<typeof Claims>;

export type AttestedKey = {
  organisation: string;
  key: VerifyKey;
  fromSeconds: number;
  untilSeconds: number;
};

/** It lives as long as a statement. @throws ZodError for a bug of the caller. */
export function signKeyAttestation(
  key: SigningKey,
  at: { superior: string; subject: string; messageKey: PublicJwk; nowSeconds: number },
): Promise<string> {
  const claims: Claims = Claims.parse({
    iss: at.superior,
    sub: at.subject,
    iat: at.nowSeconds,
    exp: at.nowSeconds + limits.statementLifeSecondsMax,
    x: at.messageKey.x,
  });
  return signJws(key, KEY_ATTESTATION_TYP, Buffer.from(JSON.stringify(claims)));
}

/** The newest one about this key that holds now; its signature is not looked at. */
export function findAttestation(
  attestations: readonly string[],
  expected: { organisation: string; x: string; nowSeconds: number },
): { payload: Uint8Array; signature: Uint8Array } | undefined {
  const { organisation, x, nowSeconds } = expected;
  const fitting = attestations.map(splitJws).filter(({ payload }) => {
    const claims = readClaims(payload);
    const isNow = claims.iat <= nowSeconds + limits.clockSkewSecondsMax && nowSeconds < claims.exp;
    return claims.sub === organisation && claims.x === x && isNow;
  });
  return fitting.toSorted((a, b) => readClaims(b.payload).exp - readClaims(a.payload).exp)[0];
}

/**
 * The key that an anchor's key vouches for. Whether the time of what it signed lies within is for
 * the caller to judge.
 * @throws TrustFailure anchor, signature, claims, life or keys
 */
export async function verifyKeyAttestation(
  parts: { payload: Uint8Array; signature: Uint8Array },
  anchor: Anchor,
): Promise<AttestedKey> {
  await checkSignature(parts, anchor);
  const claims = readClaims(parts.payload);
  if (claims.iss !== anchor.entityId) {
    throw new TrustFailure('anchor', 'The key is attested by another registry than the pinned.');
  }
  if (claims.exp <= claims.iat || claims.exp - claims.iat > limits.statementLifeSecondsMax) {
    throw new TrustFailure('life', 'The attestation of the key lives longer than a day.');
  }
  return {
    organisation: claims.sub,
    key: await importAttested(claims.x),
    fromSeconds: claims.iat,
    untilSeconds: claims.exp,
  };
}

// The header is not carried along: it is the same for all but for the key, and
// there are few pinned keys to try.
async function checkSignature(
  { payload, signature }: { payload: Uint8Array; signature: Uint8Array },
  anchor: Anchor,
): Promise<void> {
  for (const key of anchor.keys) {
    const jws = joinJws(key.kid, KEY_ATTESTATION_TYP, payload, signature);
    try {
      await verifyJws(jws, KEY_ATTESTATION_TYP, key, limits.keyAttestationBytesMax);
      return;
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
    }
  }
  throw new TrustFailure('signature', 'No pinned key of the registry attests the key.');
}

function readClaims(payload: Uint8Array): Claims {
  const parsed = Claims.safeParse(readStrictJsonObject(payload));
  if (parsed.success) return parsed.data;
  throw new TrustFailure('claims', 'The attestation of the key is not in its form.');
}

async function importAttested(x: string): Promise<VerifyKey> {
  try {
    return await importVerifyKey({ kty: 'OKP', crv: 'Ed25519', x });
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new TrustFailure('keys', 'The attested key is not a good key.', { cause });
  }
}
