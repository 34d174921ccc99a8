// The node's own entity configuration: what it says of itself, signed by its
// federation key. Given once to the registry as the member file, served ever after.
import type { Keyring } from '#crypto/keyring.ts';
import type { PublicJwk } from '#crypto/keys.ts';
import { type Clock, nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { NODE_ENTITY_TYPE, type NodeMetadata, type Role } from '#trust/metadata.ts';
import { signConfiguration } from '#trust/sign-statement.ts';

export type NodeProfile = {
  entityId: string;
  /** Entity id of the registry. */
  authority: string;
  name: string;
  countries: string[];
  roles: Role[];
  /** host:port of the ExchangeService, as partners dial it. */
  address: string;
  /** host:port of the federation endpoint, if it is not the entity id's own. */
  federationAddress?: string;
  /** PEM: the current certificate, then the next. */
  certificates: string[];
};

/** Times come from the clock; the statement lives for limits.statementLifeSecondsMax. */
export function signEntityConfiguration(
  profile: NodeProfile,
  keyring: Keyring,
  clock: Clock,
): Promise<string> {
  return signConfiguration(keyring.signing('federation'), {
    entityId: profile.entityId,
    federationKeys: keyring.publicJwks('federation'),
    authorities: [profile.authority],
    metadata: { [NODE_ENTITY_TYPE]: describe(profile, keyring) },
    nowSeconds: nowSeconds(clock),
  });
}

/**
 * The configuration to serve: the same text for an hour, then a new one; a new one at once when
 * keys or profile have changed.
 */
export function entityConfigurationSource(
  profile: () => NodeProfile,
  keyring: Keyring,
  clock: Clock,
): () => Promise<string> {
  let last: { madeFrom: string; untilMs: number; jws: Promise<string> } | undefined;
  return () => {
    const madeFrom = JSON.stringify([
      describe(profile(), keyring),
      keyring.publicJwks('federation'),
    ]);
    if (!last || last.madeFrom !== madeFrom || last.untilMs <= clock.now()) {
      const untilMs = clock.now() + limits.entityConfigurationMs;
      last = { madeFrom, untilMs, jws: signEntityConfiguration(profile(), keyring, clock) };
    }
    return last.jws;
  };
}

function describe(profile: NodeProfile, keyring: Keyring): NodeMetadata {
  const { federationAddress } = profile;
  return {
    organization_name: profile.name,
    address: profile.address,
    ...(federationAddress !== undefined && { federation_address: federationAddress }),
    tls_certificates: profile.certificates,
    message_keys: keyring.publicJwks('message'),
    encryption_keys: keyring.publicJwks('encryption').map((jwk) => withEnd(jwk, keyring)),
    countries: profile.countries,
    roles: profile.roles,
  };
}

function withEnd(jwk: PublicJwk, keyring: Keyring): PublicJwk & { exp: number } {
  const exp = keyring.list().find(({ kid }) => kid === jwk.kid)?.retiresAt;
  if (typeof exp !== 'number') throw new Error('a current encryption key has no end');
  return { ...jwk, exp };
}
