// What a member says of its node: the entity type srx_node in the metadata of
// its configuration, with names in the manner of OpenID Federation 1.0 section 5.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { COUNTRY_CODES } from '#model/plan/country-codes.ts';
import { label } from '#model/plan/fields.ts';

import type { Metadata } from './entity-statement.ts';
import { safeName, TrustFailure } from './trust-failure.ts';

export const NODE_ENTITY_TYPE = 'srx_node';

export const ROLES = ['referring', 'receiving'] as const;
export type Role = (typeof ROLES)[number];

/** `host:port`; an IPv6 address in brackets. */
export const address = z
  .string()
  .max(260)
  .regex(/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]):[1-9][0-9]{0,4}$/)
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) < 65_536, 'not a port');

// One certificate and nothing else: a second block would be believed by TLS
// but not counted among the pins.
const certificate = z
  .string()
  .max(8192)
  .regex(
    /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----(\r?\n)?$/,
    'one PEM certificate',
  );

const jwk = z.looseObject({ kid: z.string().min(1) });

// A newer node may publish more: what is not known here is dropped, because a
// member's own words about itself cannot limit it; its superior's policy does.
export const NodeMetadata = z.object({
  organization_name: label('the name that other members see'),
  /** Of the ExchangeService. */
  address,
  /** Where the configuration is served, if not at the host of the entity id. */
  federation_address: address.optional(),
  /** Current, and the next one some time before it is shown. */
  tls_certificates: z.array(certificate).min(1).max(limits.tlsCertificatesMax),
  message_keys: z.array(jwk).min(1).max(limits.messageKeysMax),
  /** In the order in which they shall be used; `exp` in whole seconds. */
  encryption_keys: z
    .array(jwk.extend({ exp: z.int().min(1) }))
    .min(1)
    .max(limits.encryptionKeysMax),
  countries: z
    .array(z.string().refine((code) => COUNTRY_CODES.has(code), 'an ISO 3166-1 alpha-2 code'))
    .min(1)
    .max(limits.listItemsMax),
  roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
  /** The registry's word: a service that a state runs. People see it where they choose. */
  state_run: z.boolean().optional(),
  /** The registry's short word about each message key: key-attestation.ts. */
  message_key_attestations: z
    .array(z.string().max(limits.keyAttestationBytesMax))
    .max(limits.messageKeysMax)
    .optional(),
});
export type NodeMetadata = z.infer<typeof NodeMetadata>;

/** @throws TrustFailure entity-type or metadata, which names the parameter. */
export function readNodeMetadata(metadata: Metadata): NodeMetadata {
  if (!Object.hasOwn(metadata, NODE_ENTITY_TYPE)) {
    throw new TrustFailure('entity-type', `No superior lets it be an ${NODE_ENTITY_TYPE}.`);
  }
  const parsed = NodeMetadata.safeParse(metadata[NODE_ENTITY_TYPE]);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.map((part) => safeName(String(part))) ?? [];
  const parameter = [NODE_ENTITY_TYPE, ...path].join('.');
  throw new TrustFailure('metadata', `${parameter} is missing or not as it must be.`);
}
