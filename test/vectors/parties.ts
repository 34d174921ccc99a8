// Who speaks in the vectors: two organisations, a stranger and their registry,
// invented, with keys made from their names, so that every run makes the same.
import { createHash, createPrivateKey } from 'node:crypto';

import { sha256, toBase64url } from '#crypto/digest.ts';
import {
  type Curve,
  importOpeningKey,
  importSealingKey,
  importSigningKey,
  importVerifyKey,
  type OpeningKey,
  type PrivateJwk,
  type SigningKey,
} from '#crypto/keys.ts';
import type { Member } from '#trust/member.ts';

export const PARTY_NAMES = ['harbour', 'homeward', 'stranger', 'registry'] as const;
export type PartyName = (typeof PARTY_NAMES)[number];

/** Private keys, published: good for nothing but these vectors. */
type PartyKeys = Record<'message' | 'federation' | 'encryption', PrivateJwk>;

export type VectorParty = {
  name: PartyName;
  organisation: string;
  jwks: PartyKeys;
  message: SigningKey;
  federation: SigningKey;
  encryption: OpeningKey;
  /** As the other party knows it. */
  member: Member;
};

// RFC 8410 section 7: a PKCS #8 key up to its 32 bytes.
const PKCS8: Readonly<Record<Curve, string>> = {
  Ed25519: '302e020100300506032b657004220420',
  X25519: '302e020100300506032b656e04220420',
};

/** The private key whose 32 bytes are the SHA-256 of the label. */
export function keyFrom(label: string, crv: Curve): PrivateJwk {
  const seed = createHash('sha256').update(`srx vectors: ${label}`).digest();
  const der = Buffer.concat([Buffer.from(PKCS8[crv], 'hex'), seed]);
  const { x = '' } = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  });
  return { kty: 'OKP', crv, x, kid: thumbprint(crv, x), d: toBase64url(seed) };
}

/** RFC 7638, of the members that RFC 8037 section 2 requires. */
export function thumbprint(crv: Curve, x: string): string {
  return sha256(`{"crv":"${crv}","kty":"OKP","x":"${x}"}`);
}

export function organisationOf(name: PartyName): string {
  return `https://${name}.example`;
}

export function publicJwkOf({ kty, crv, x, kid }: PrivateJwk) {
  return { kty, crv, x, kid };
}

async function makeParty(name: PartyName): Promise<VectorParty> {
  const jwks: PartyKeys = {
    message: keyFrom(`${name} message`, 'Ed25519'),
    federation: keyFrom(`${name} federation`, 'Ed25519'),
    encryption: keyFrom(`${name} encryption`, 'X25519'),
  };
  const organisation = organisationOf(name);
  const verifying = await importVerifyKey(publicJwkOf(jwks.message));
  return {
    name,
    organisation,
    jwks,
    message: await importSigningKey(jwks.message),
    federation: await importSigningKey(jwks.federation),
    encryption: await importOpeningKey(jwks.encryption),
    member: {
      organisation,
      name,
      countries: ['NL'],
      roles: ['referring', 'receiving'],
      address: `${name}.example:4443`,
      certificates: [],
      pins: [],
      messageKeys: new Map([[verifying.kid, verifying]]),
      isStateRun: false,
      keyAttestations: [],
      sealingKey: await importSealingKey(publicJwkOf(jwks.encryption)),
      validUntilSeconds: 4_000_000_000,
    },
  };
}

let made: Promise<Record<PartyName, VectorParty>> | undefined;

/** All of them, made once. */
export function parties(): Promise<Record<PartyName, VectorParty>> {
  made ??= Promise.all(PARTY_NAMES.map(makeParty)).then(
    (all) => Object.fromEntries(all.map((p) => [p.name, p])) as Record<PartyName, VectorParty>,
  );
  return made;
}
