// From a verified chain to the member that the other rooms work with: pins made,
// keys imported, the key to seal to now chosen.
import { spkiDigest } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { KeyCache } from './key-cache.ts';
import type { Member } from './member.ts';
import { type NodeMetadata, readNodeMetadata } from './metadata.ts';
import { TrustFailure } from './trust-failure.ts';
import type { VerifiedChain } from './verify-chain.ts';

/** @throws TrustFailure entity-type, metadata, keys, encryption-key or key-claimed. */
export async function readMember(
  chain: VerifiedChain,
  nowSeconds: number,
  keys: KeyCache,
): Promise<Member> {
  const node = readNodeMetadata(chain.metadata);
  const messageKeys = new Map<string, Member['sealingKey']>();
  for (const jwk of node.message_keys) {
    // Section 3.1.1: federation keys are for statements only, or a message could be taken for one.
    if (chain.federationKids.includes(jwk.kid)) {
      throw new TrustFailure('keys', 'A federation key stands among the message keys.');
    }
    messageKeys.set(jwk.kid, await keys.verifyKey(jwk, 'keys'));
  }
  const { exp, ...sealingJwk } = chooseEncryptionKey(node, nowSeconds);
  return {
    organisation: chain.subject,
    name: node.organization_name,
    countries: node.countries,
    roles: node.roles,
    isStateRun: node.state_run ?? false,
    address: node.address,
    certificates: node.tls_certificates,
    pins: readPins(node),
    messageKeys,
    keyAttestations: node.message_key_attestations ?? [],
    sealingKey: await keys.sealingKey(sealingJwk, 'keys'),
    // Past the end of its key a member could not be sealed to.
    validUntilSeconds: Math.min(chain.validUntilSeconds, exp),
  };
}

/** The keys and pins by which a member is known; none may be another member's. */
export function identifiersOf({ pins, messageKeys, sealingKey }: Member): string[] {
  return [...pins, ...messageKeys.keys(), sealingKey.kid];
}

/** Pins of the certificates that the metadata names. @throws TrustFailure metadata */
export function readPins({ tls_certificates }: NodeMetadata): string[] {
  try {
    return tls_certificates.map((pem) => spkiDigest(pem));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new TrustFailure('metadata', 'One of tls_certificates is not a certificate.', { cause });
  }
}

function chooseEncryptionKey({ encryption_keys }: NodeMetadata, nowSeconds: number) {
  const latest = nowSeconds + limits.encryptionKeyLifeSecondsMax + limits.clockSkewSecondsMax;
  const key = encryption_keys.find(({ exp }) => exp > nowSeconds);
  if (!key) throw new TrustFailure('encryption-key', 'Every encryption key has ended.');
  if (key.exp > latest) {
    throw new TrustFailure('encryption-key', 'An encryption key ends later than is allowed.');
  }
  return key;
}
