// A federation on paper for tests of the verifier: real keys, real signatures,
// every claim open to be broken before it is signed.
import { signJws } from '#crypto/jws.ts';
import {
  createOpeningKey,
  createSigningKey,
  importVerifyKey,
  type OpeningKey,
  type SigningKey,
} from '#crypto/keys.ts';
import { createTlsCertificate } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { type Anchor, verifyChain } from '#trust/verify-chain.ts';

export const NOW = 1_800_000_000;
export const LIFE = limits.statementLifeSecondsMax;

export const IDS = {
  leaf: 'https://harbour-house.example',
  middle: 'https://middle.example',
  anchor: 'https://registry.example',
} as const;
export type EntityName = keyof typeof IDS;

export type Claims = Record<string, unknown>;
export type Signed = { typ: string; claims: Claims; signer: SigningKey };
/** From the subject's configuration to the anchor's. */
export type Paper = Signed[];

export type Federation = {
  keys: Record<EntityName | 'stranger', SigningKey>;
  message: SigningKey;
  encryption: OpeningKey;
  anchor: Anchor;
  node: Claims;
};

export async function makeFederation(): Promise<Federation> {
  const [leaf, middle, anchor, stranger, message] = await Promise.all(
    Array.from({ length: 5 }, createSigningKey),
  );
  if (!leaf || !middle || !anchor || !stranger || !message) throw new Error('five keys were made');
  const encryption = await createOpeningKey();
  const tls = createTlsCertificate({
    hostNames: ['harbour-house.example'],
    notBeforeMs: NOW * 1000,
    notAfterMs: (NOW + 1000) * 1000,
  });
  const node = {
    organization_name: 'Harbour House',
    address: 'harbour-house.example:4443',
    tls_certificates: [tls.certificatePem],
    message_keys: [message.publicJwk],
    encryption_keys: [{ ...encryption.publicJwk, exp: NOW + 20 * LIFE }],
    countries: ['NL'],
    roles: ['referring'],
  };
  return {
    keys: { leaf, middle, anchor, stranger },
    message,
    encryption,
    anchor: { entityId: IDS.anchor, keys: [await importVerifyKey(anchor.publicJwk)] },
    node,
  };
}

const times = { iat: NOW - 60, exp: NOW - 60 + LIFE };

/** A good chain; with an intermediate, it has four statements. */
export function draw({ keys, node }: Federation, withIntermediate = false): Paper {
  const jwks = (name: EntityName) => ({ jwks: { keys: [keys[name].publicJwk] } });
  const about = (superior: EntityName, subject: EntityName): Signed => ({
    typ: 'entity-statement+jwt',
    claims: { iss: IDS[superior], sub: IDS[subject], ...times, ...jwks(subject) },
    signer: keys[superior],
  });
  const leaf = about('leaf', 'leaf');
  const hint = withIntermediate ? IDS.middle : IDS.anchor;
  leaf.claims = { ...leaf.claims, authority_hints: [hint], metadata: { srx_node: node } };
  const anchor = about('anchor', 'anchor');
  const between = withIntermediate
    ? [about('middle', 'leaf'), about('anchor', 'middle')]
    : [about('anchor', 'leaf')];
  return [leaf, ...between, anchor];
}

export function sign(paper: Paper): Promise<string[]> {
  return Promise.all(
    paper.map(({ typ, claims, signer }) =>
      signJws(signer, typ, Buffer.from(JSON.stringify(claims))),
    ),
  );
}

export async function verify(paper: Paper, { anchor }: Federation, now = NOW) {
  const expected = { subject: IDS.leaf, anchor, nowSeconds: now };
  return verifyChain(await sign(paper), expected, new KeyCache());
}
