// Statements as an entity makes them: its own configuration, and what a
// superior says of a subordinate (OpenID Federation 1.0 sections 3.1.2 and 3.1.3).
import { signJws } from '#crypto/jws.ts';
import type { PublicJwk, SigningKey } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';

import { ConfigurationClaims, STATEMENT_TYP, SubordinateClaims } from './entity-statement.ts';

type Lifetime = { nowSeconds: number; lifeSeconds?: number };

/** @throws ZodError if the claims are not what the verifier takes: a bug of the caller. */
export function signConfiguration(
  key: SigningKey,
  entity: Lifetime & {
    entityId: string;
    federationKeys: PublicJwk[];
    /** Empty for a trust anchor (section 3.1.2: then the claim is absent). */
    authorities: string[];
    metadata: Record<string, Record<string, unknown>>;
  },
): Promise<string> {
  const { entityId, authorities } = entity;
  return sign(
    key,
    ConfigurationClaims.parse({
      iss: entityId,
      sub: entityId,
      ...times(entity),
      jwks: { keys: entity.federationKeys },
      ...(authorities.length > 0 && { authority_hints: authorities }),
      metadata: entity.metadata,
    }),
  );
}

/** @throws ZodError if the claims are not what the verifier takes: a bug of the caller. */
export function signSubordinateStatement(
  key: SigningKey,
  statement: Lifetime & {
    superior: string;
    subject: string;
    /** The subject's federation keys: its configuration counts under these only. */
    federationKeys: PublicJwk[];
  } & Pick<SubordinateClaims, 'constraints' | 'metadata' | 'metadata_policy'>,
): Promise<string> {
  const { superior, subject, federationKeys, constraints, metadata, metadata_policy } = statement;
  return sign(
    key,
    SubordinateClaims.parse({
      iss: superior,
      sub: subject,
      ...times(statement),
      jwks: { keys: federationKeys },
      ...(constraints && { constraints }),
      ...(metadata && { metadata }),
      ...(metadata_policy && { metadata_policy }),
    }),
  );
}

function times({ nowSeconds, lifeSeconds = limits.statementLifeSecondsMax }: Lifetime) {
  return { iat: nowSeconds, exp: nowSeconds + lifeSeconds };
}

function sign(key: SigningKey, claims: object): Promise<string> {
  return signJws(key, STATEMENT_TYP, Buffer.from(JSON.stringify(claims)));
}
