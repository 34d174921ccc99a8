// A chain on paper: statements before they are signed, and how one is bent.

import { toBase64url } from '#crypto/digest.ts';
import type { PrivateJwk } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { START_SECONDS } from '#test/model/story.ts';
import { STATEMENT_TYP } from '#trust/entity-statement.ts';
import type { Member } from '#trust/member.ts';
import type { TrustReason } from '#trust/trust-failure.ts';
import { forge, headerText } from '../forge.ts';
import { type PartyName, publicJwkOf, type VectorParty } from '../parties.ts';
import { type Repeated, type Vector } from '../vector.ts';

type StatementsInput = {
  /** As in the claim trust_chain: digests of signed statements, or a text too long to be one. */
  chain: (string | Repeated)[];
  subject: string;
  anchor: { entityId: string; keys: ReturnType<typeof publicJwkOf>[] };
  now: number;
};
export type MemberExpect = Pick<
  Member,
  'organisation' | 'name' | 'countries' | 'roles' | 'address' | 'pins' | 'validUntilSeconds'
> & { messageKids: string[]; sealingKid: string };
/** `reason` where a check has one; a code alone for a size or an algorithm. */
type StatementsExpect = { member: MemberExpect } | { error: string; reason: TrustReason | null };
export type StatementsVector = Vector<StatementsInput, StatementsExpect>;

export const now = START_SECONDS;
export const life = limits.statementLifeSecondsMax;
const times = { iat: now - 60, exp: now - 60 + life };

export type Claims = Record<string, unknown>;
/** A statement before it is signed. */
export type Draft = { typ: string; claims: Claims; signer: PrivateJwk; header?: Claims };
export type Names = Record<PartyName | 'middle', VectorParty['jwks']['federation']>;

export const ids = {
  harbour: 'https://harbour.example',
  middle: 'https://middle.example',
  registry: 'https://registry.example',
} as const;
type EntityName = keyof typeof ids;

export type Wrong = (
  check: string,
  name: string,
  reason: TrustReason,
  drafts: readonly Draft[],
) => StatementsVector;

export function nodeOf({ jwks }: VectorParty, certificatePem: string): Claims {
  return {
    organization_name: 'Harbour House (invented)',
    address: 'harbour.example:4443',
    tls_certificates: [certificatePem],
    message_keys: [publicJwkOf(jwks.message)],
    encryption_keys: [{ ...publicJwkOf(jwks.encryption), exp: now + 20 * life }],
    countries: ['NL'],
    roles: ['referring'],
  };
}

export function memberOf({ jwks }: VectorParty): MemberExpect {
  return {
    organisation: ids.harbour,
    name: 'Harbour House (invented)',
    countries: ['NL'],
    roles: ['referring'],
    address: 'harbour.example:4443',
    pins: [],
    messageKids: [jwks.message.kid],
    sealingKid: jwks.encryption.kid,
    validUntilSeconds: times.exp,
  };
}

export function drawChain(keys: Omit<Names, never>, node: Claims, withMiddle: boolean): Draft[] {
  const about = (superior: EntityName, subject: EntityName, more: Claims = {}): Draft => ({
    typ: STATEMENT_TYP,
    claims: {
      iss: ids[superior],
      sub: ids[subject],
      ...times,
      jwks: { keys: [publicJwkOf(keys[subject])] },
      ...more,
    },
    signer: keys[superior],
  });
  const authority_hints = [withMiddle ? ids.middle : ids.registry];
  return [
    about('harbour', 'harbour', { authority_hints, metadata: { srx_node: node } }),
    ...(withMiddle
      ? [about('middle', 'harbour'), about('registry', 'middle')]
      : [about('registry', 'harbour')]),
    about('registry', 'registry'),
  ];
}

export function sign({ typ, claims: payload, signer, header }: Draft): string {
  const protectedHeader = header ?? { alg: 'Ed25519', kid: signer.kid, typ };
  return forge(
    headerText(protectedHeader),
    toBase64url(Buffer.from(JSON.stringify(payload))),
    signer,
  );
}

export const change =
  (index: number, make: (draft: Draft) => Draft) =>
  (drafts: readonly Draft[]): Draft[] =>
    drafts.map((draft, i) => (i === (index + drafts.length) % drafts.length ? make(draft) : draft));
export const claims = (index: number, more: Claims) =>
  change(index, (draft) => ({ ...draft, claims: { ...draft.claims, ...more } }));
export const without = (index: number, name: string) =>
  change(index, ({ claims: { [name]: _gone, ...rest }, ...draft }) => ({ ...draft, claims: rest }));
export const signedBy = (index: number, signer: PrivateJwk) =>
  change(index, (draft) => ({ ...draft, signer }));
