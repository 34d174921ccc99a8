// The answer of a resolver (OpenID Federation 1.0 section 8.3.2): signed by the
// registry, and still only a way to carry a chain, which its reader verifies.
import { z } from 'zod';

import { readJwsHeader, signJws, verifyJws } from '#crypto/jws.ts';
import type { SigningKey } from '#crypto/keys.ts';
import { readStrictJsonObject } from '#crypto/strict-json.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import { Metadata } from './entity-statement.ts';
import { TrustFailure } from './trust-failure.ts';
import type { Anchor } from './verify-chain.ts';

const RESOLVE_TYP = 'resolve-response+jwt';

const ResolveClaims = z.strictObject({
  iss: entityId,
  sub: entityId,
  iat: z.int(),
  exp: z.int(),
  metadata: Metadata,
  trust_chain: z.array(z.string()).max(limits.chainDepthMax + 2),
});
export type ResolveClaims = z.infer<typeof ResolveClaims>;

export function signResolveResponse(key: SigningKey, claims: ResolveClaims): Promise<string> {
  return signJws(key, RESOLVE_TYP, Buffer.from(JSON.stringify(ResolveClaims.parse(claims))));
}

/**
 * The chain that it carries, not verified: the resolver's metadata and times are not used.
 * @throws TrustFailure resolve-response, or Refusal ALG_NOT_ALLOWED or TOO_LARGE.
 */
export async function readResolveResponse(
  jws: string,
  expected: { subject: string; anchor: Anchor },
): Promise<string[]> {
  try {
    const { kid } = readJwsHeader(jws, limits.resolveBytesMax, RESOLVE_TYP);
    const key = expected.anchor.keys.find((pinned) => pinned.kid === kid);
    if (!key) throw refused();
    const payload = await verifyJws(jws, RESOLVE_TYP, key, limits.resolveBytesMax);
    const { iss, sub, trust_chain } = ResolveClaims.parse(readStrictJsonObject(payload));
    if (iss !== expected.anchor.entityId || sub !== expected.subject) throw refused();
    return trust_chain;
  } catch (cause) {
    if (cause instanceof z.ZodError) throw refused(cause);
    const isOurs = cause instanceof Refusal && cause.code !== 'MALFORMED';
    if (!(cause instanceof Refusal) || (isOurs && cause.code !== 'UNAUTHENTICATED')) throw cause;
    throw refused(cause);
  }
}

function refused(cause?: unknown): TrustFailure {
  return new TrustFailure('resolve-response', 'The resolver answered something else.', { cause });
}
