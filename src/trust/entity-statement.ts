// Entity statements of OpenID Federation 1.0 (section 3): their claims as zod,
// and how one is read from its JWS. Reading verifies no signature.
import { z } from 'zod';

import { readJwsHeader, readUnverifiedPayload } from '#crypto/jws.ts';
import { isObject, readStrictJsonObject } from '#crypto/strict-json.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import { safeName, TrustFailure } from './trust-failure.ts';

/** Section 3: the explicit type that keeps other JWTs out. */
export const STATEMENT_TYP = 'entity-statement+jwt';

/** Claims of the standard that this verifier does not implement; each is refused by its name. */
const OTHER_STANDARD_CLAIMS = new Set(
  'trust_anchor_hints trust_marks trust_mark_issuers trust_mark_owners source_endpoint aud trust_anchor'.split(
    ' ',
  ),
);

const time = z.int().min(1).max(253_402_300_799); // whole seconds, until the year 9999
const jsonObject = z.custom<Record<string, unknown>>(isObject, 'must be an object');

// Section 5: entity type → parameter → any JSON value but null.
export const Metadata = z.record(
  z.string(),
  jsonObject.refine((parameters) => !Object.values(parameters).includes(null), 'must not be null'),
);
export type Metadata = z.infer<typeof Metadata>;

const common = {
  iss: entityId,
  sub: entityId,
  iat: time,
  exp: time,
  // Section 3.1.1; what is inside each key is judged where it is imported.
  jwks: z.strictObject({
    keys: z
      .array(z.looseObject({ kid: z.string().min(1) }))
      .min(1)
      .max(limits.federationKeysMax)
      .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'kid twice'),
  }),
  metadata: Metadata.optional(),
  crit: z.array(z.string()).optional(),
};

// Section 3.1.2
export const ConfigurationClaims = z.strictObject({
  ...common,
  authority_hints: z.array(entityId).min(1).max(limits.authorityHintsMax).optional(),
});
export type ConfigurationClaims = z.infer<typeof ConfigurationClaims>;

// RFC 5280 section 4.2.1.10: a host, or with a leading dot all below a domain.
const domainName = z
  .string()
  .max(254)
  .regex(/^\.?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/);
const names = z.array(domainName).max(limits.namesPerConstraintMax);

// Section 6.2 says that unknown parameters are ignored; here they are refused,
// because a limit that nobody keeps is worse than a member who must wait.
const Constraints = z.strictObject({
  max_path_length: z.int().min(0).optional(),
  naming_constraints: z
    .strictObject({ permitted: names.optional(), excluded: names.optional() })
    .optional(),
  allowed_entity_types: z
    .array(z.string().min(1))
    .max(limits.namesPerConstraintMax)
    .refine((types) => !types.includes('federation_entity'), 'federation_entity is always allowed')
    .optional(),
});
export type Constraints = z.infer<typeof Constraints>;

// Section 3.1.3
export const SubordinateClaims = z.strictObject({
  ...common,
  constraints: Constraints.optional(),
  metadata_policy: jsonObject.optional(),
  metadata_policy_crit: z.array(z.string()).optional(),
});
export type SubordinateClaims = z.infer<typeof SubordinateClaims>;

type Read<Claims> = { jws: string; kid: string; claims: Claims };
export type Configuration = Read<ConfigurationClaims>;
export type SubordinateStatement = Read<SubordinateClaims>;

/** @throws TrustFailure, or Refusal ALG_NOT_ALLOWED or TOO_LARGE. */
export function readConfiguration(jws: string): Configuration {
  return readStatement(jws, 'configuration', ConfigurationClaims);
}

/** @throws TrustFailure, or Refusal ALG_NOT_ALLOWED or TOO_LARGE. */
export function readSubordinateStatement(jws: string): SubordinateStatement {
  return readStatement(jws, 'subordinate', SubordinateClaims);
}

function readStatement<Claims extends SubordinateClaims | ConfigurationClaims>(
  jws: string,
  kind: 'configuration' | 'subordinate',
  schema: z.ZodObject & z.ZodType<Claims>,
): Read<Claims> {
  const { kid, payload } = readParts(jws);
  // Section 3: what iss and sub are to each other makes the kind.
  if ((payload['iss'] === payload['sub']) !== (kind === 'configuration')) {
    throw new TrustFailure('kind', `A ${kind} stands where another kind of statement was given.`);
  }
  refuseUnknownClaims(payload, schema);
  refuseCritical(payload);
  const parsed = schema.safeParse(payload);
  if (!parsed.success) throw describe(parsed.error);
  return { jws, kid, claims: parsed.data };
}

function describe({ issues: [issue] }: z.ZodError): TrustFailure {
  const path = issue?.path.map((part) => safeName(String(part))) ?? [];
  if (path[0] === 'jwks') {
    return new TrustFailure('keys', 'The claim jwks is not a set of keys with a kid each.');
  }
  if (path[0] === 'constraints' && issue?.code === 'unrecognized_keys') {
    const name = safeName(issue.keys[0] ?? '');
    return new TrustFailure('constraint-not-implemented', `The constraint ${name} is not known.`);
  }
  return new TrustFailure('claims', `The claim ${path.join('.')} is missing or not as it must be.`);
}

function readParts(jws: string): { kid: string; payload: Record<string, unknown> } {
  try {
    const { kid } = readJwsHeader(jws, limits.statementBytesMax, STATEMENT_TYP);
    return { kid, payload: readStrictJsonObject(readUnverifiedPayload(jws)) };
  } catch (cause) {
    if (!(cause instanceof Refusal) || cause.code !== 'MALFORMED') throw cause;
    throw new TrustFailure('header', cause.message, { cause });
  }
}

// Section 3.1 lets others add claims. This verifier skips none: what it does
// not know might limit the trust that it is about to give.
function refuseUnknownClaims(payload: Record<string, unknown>, schema: z.ZodObject): void {
  for (const name of Object.keys(payload)) {
    if (Object.hasOwn(schema.shape, name)) continue;
    const isKnown =
      Object.hasOwn(ConfigurationClaims.shape, name) ||
      Object.hasOwn(SubordinateClaims.shape, name);
    const reason = isKnown ? 'claim-misplaced' : 'claim-not-implemented';
    throw new TrustFailure(reason, `The claim ${safeName(name)} is not taken here.`);
  }
}

// Sections 3.2 and 13.4: no claim beyond the standard is understood here, so
// every list of critical ones is either wrong or more than we can do.
function refuseCritical({ crit }: Record<string, unknown>): void {
  if (crit === undefined) return;
  const [name] = Array.isArray(crit) ? crit : [];
  const isStandard =
    typeof name === 'string' &&
    (OTHER_STANDARD_CLAIMS.has(name) ||
      Object.hasOwn(ConfigurationClaims.shape, name) ||
      Object.hasOwn(SubordinateClaims.shape, name));
  throw new TrustFailure(
    'crit',
    typeof name !== 'string' || isStandard
      ? 'The claim crit must name extensions, and at least one.'
      : `The critical claim ${safeName(name)} is not understood.`,
  );
}
