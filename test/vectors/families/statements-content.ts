// Chains that fail by what their statements say: constraints, policy, metadata.
import { limits } from '#model/limits.ts';
import { publicJwkOf, type VectorParty } from '../parties.ts';
import {
  type Claims,
  claims,
  type Draft,
  life,
  type MemberExpect,
  now,
  type StatementsVector,
  type Wrong,
} from './statement-drafts.ts';

export function constrained(good: Draft[], longer: Draft[], wrong: Wrong): StatementsVector[] {
  const with1 = (constraints: Claims) => claims(1, { constraints })(good);
  return [
    wrong(
      'T7',
      'an intermediate where the registry allows none',
      'max-path-length',
      claims(2, { constraints: { max_path_length: 0 } })(longer),
    ),
    wrong(
      'T7',
      'a name that its superior does not permit, below a path that is too long for the registry',
      'naming-constraints',
      claims(1, { constraints: { naming_constraints: { permitted: ['other.example'] } } })(
        claims(2, { constraints: { max_path_length: 0 } })(longer),
      ),
    ),
    wrong(
      'T7',
      'a name that is not permitted',
      'naming-constraints',
      with1({ naming_constraints: { permitted: ['other.example'] } }),
    ),
    wrong(
      'T7',
      'a name where only names below it are permitted',
      'naming-constraints',
      with1({ naming_constraints: { permitted: ['.harbour.example'] } }),
    ),
    wrong(
      'T7',
      'a name that is excluded, although it is permitted',
      'naming-constraints',
      with1({ naming_constraints: { permitted: ['harbour.example'], excluded: ['.example'] } }),
    ),
    wrong(
      'T7',
      'a type that is not allowed',
      'entity-type',
      with1({ allowed_entity_types: ['openid_provider'] }),
    ),
    wrong(
      'T2',
      'a constraint that nobody knows',
      'constraint-not-implemented',
      with1({ countries: ['NL'] }),
    ),
    wrong(
      'T2',
      'a negative path length beside a constraint that nobody knows',
      'claims',
      with1({ max_path_length: -1, countries: ['NL'] }),
    ),
    wrong(
      'T2',
      'metadata that is none, and a constraint that nobody knows',
      'claims',
      claims(1, { metadata: { srx_node: 'all' }, constraints: { countries: ['NL'] } })(good),
    ),
    wrong('T2', 'a negative path length', 'claims', with1({ max_path_length: -1 })),
    wrong(
      'T2',
      'federation_entity among the allowed types',
      'claims',
      with1({ allowed_entity_types: ['federation_entity'] }),
    ),
  ];
}

export function policies(
  good: Draft[],
  right: (
    check: string,
    name: string,
    drafts: readonly Draft[],
    changed?: Partial<MemberExpect>,
  ) => StatementsVector,
  wrong: Wrong,
): StatementsVector[] {
  const said = good.at(0)?.claims['metadata'] as { srx_node: Claims } | undefined;
  const node = said?.srx_node ?? {};
  const says = (changed: Claims) =>
    claims(0, { metadata: { srx_node: { ...node, ...changed } } })(good);
  const certificates = node['tls_certificates'] as string[];
  const policy = (operators: Claims, parameter = 'roles') =>
    claims(1, { metadata_policy: { srx_node: { [parameter]: operators } } })(good);
  return [
    right(
      'T10',
      'certificates without a line end',
      says({ tls_certificates: certificates.map((pem) => pem.trimEnd()) }),
    ),
    right('T10', 'an unknown parameter with half a surrogate pair', says({ motto: '\ud800' })),
    right(
      'T8',
      'a name that the registry fixes',
      policy({ value: 'Another name' }, 'organization_name'),
      { name: 'Another name' },
    ),
    right(
      'T8',
      'metadata that the registry overrides',
      claims(1, { metadata: { srx_node: { organization_name: 'A third name' } } })(good),
      { name: 'A third name' },
    ),
    right('T8', 'a role that the registry adds', policy({ add: ['receiving'] }), {
      roles: ['referring', 'receiving'],
    }),
    right(
      'T8',
      'countries that are within those of the registry',
      policy({ subset_of: ['BG', 'NL'], essential: true }, 'countries'),
    ),
    wrong(
      'T8',
      'an operator that nobody knows',
      'operator-not-implemented',
      policy({ regexp: '.*' }),
    ),
    wrong('T8', 'a policy of scope', 'operator-not-implemented', policy({ default: 'a' }, 'scope')),
    wrong(
      'T8',
      'an operator that is critical',
      'policy-crit',
      claims(1, { metadata_policy_crit: ['regexp'] })(good),
    ),
    wrong(
      'T8',
      'critical operators, but none',
      'policy-crit',
      claims(1, { metadata_policy_crit: [] })(good),
    ),
    wrong(
      'T10',
      'a policy that leaves an empty list of roles',
      'metadata',
      policy({ subset_of: [] }),
    ),
    wrong('T8', 'a policy without operators', 'policy', policy({})),
    wrong('T8', 'an empty policy', 'policy', claims(1, { metadata_policy: {} })(good)),
    wrong(
      'T8',
      'operators that do not go together',
      'policy',
      policy({ add: ['receiving'], one_of: ['referring'] }),
    ),
    wrong(
      'T8',
      'roles that are none of those allowed',
      'metadata',
      policy({ subset_of: ['receiving'] }),
    ),
    wrong(
      'T8',
      'a role that is missing from a superset',
      'policy-violated',
      policy({ superset_of: ['receiving'] }),
    ),
    wrong(
      'T8',
      'an address that is none of those allowed',
      'policy-violated',
      policy({ one_of: ['other.example:1'] }, 'address'),
    ),
    wrong(
      'T8',
      'an essential parameter that is missing',
      'policy-violated',
      policy({ essential: true }, 'logo_uri'),
    ),
  ];
}

export function metadataFaults(
  good: Draft[],
  node: Claims,
  { jwks }: VectorParty,
  wrong: Wrong,
): StatementsVector[] {
  const says = (changed: Claims) =>
    claims(0, { metadata: { srx_node: { ...node, ...changed } } })(good);
  const sealing = publicJwkOf(jwks.encryption);
  const longest = limits.encryptionKeyLifeSecondsMax + limits.clockSkewSecondsMax;
  const { address: _, ...homeless } = node;
  return [
    wrong(
      'T9',
      'a configuration without srx_node',
      'entity-type',
      claims(0, { metadata: { openid_provider: {} } })(good),
    ),
    wrong(
      'T10',
      'a node without an address',
      'metadata',
      claims(0, { metadata: { srx_node: homeless } })(good),
    ),
    wrong('T10', 'an address without a port', 'metadata', says({ address: 'harbour.example' })),
    wrong('T10', 'a role that does not exist', 'metadata', says({ roles: ['police'] })),
    wrong('T10', 'a country that does not exist', 'metadata', says({ countries: ['XX'] })),
    wrong(
      'T10',
      'two certificates in one text',
      'metadata',
      says({
        tls_certificates: [
          `${String((node['tls_certificates'] as string[])[0])}${String((node['tls_certificates'] as string[])[0])}`,
        ],
      }),
    ),
    wrong(
      'T10',
      'a certificate that is none',
      'metadata',
      says({
        tls_certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
      }),
    ),
    wrong(
      'T11',
      'a federation key among the message keys',
      'keys',
      says({ message_keys: [publicJwkOf(jwks.federation)] }),
    ),
    wrong('T11', 'a message key on another curve', 'keys', says({ message_keys: [sealing] })),
    wrong(
      'T12',
      'encryption keys that have all ended',
      'encryption-key',
      says({ encryption_keys: [{ ...sealing, exp: now }] }),
    ),
    wrong(
      'T12',
      'an encryption key that ends later than is allowed',
      'encryption-key',
      says({ encryption_keys: [{ ...sealing, exp: now + longest + 1 }] }),
    ),
    wrong(
      'T12',
      'an encryption key on another curve',
      'keys',
      says({ encryption_keys: [{ ...publicJwkOf(jwks.message), exp: now + life }] }),
    ),
  ];
}
