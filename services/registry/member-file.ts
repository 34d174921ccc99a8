// Who is admitted: members.json, written by the commands, read by the running
// registry; and how a member file is judged before its writer gets in.
import { stat } from 'node:fs/promises';

import { z } from 'zod';

import { hasCode, writeAtomically } from '#crypto/files.ts';
import { readPublicJwk } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import { readConfiguration } from '#trust/entity-statement.ts';
import { KeyCache } from '#trust/key-cache.ts';
import type { Member } from '#trust/member.ts';
import { ROLES, readNodeMetadata } from '#trust/metadata.ts';
import { readMember, readPins } from '#trust/read-member.ts';
import { TrustFailure } from '#trust/trust-failure.ts';
import { verifySelfSigned } from '#trust/verify-chain.ts';

import { inFolder, parseFile, readText, toJson } from './registry-folder.ts';

const jwk = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
});

export const MemberRecord = z.strictObject({
  entityId,
  name: z.string(),
  countries: z.array(z.string()),
  roles: z.array(z.enum(ROLES)),
  isStateRun: z.boolean().default(false),
  federationKeys: z.array(jwk).min(1),
  /** The member file: its configuration when it was admitted. */
  configuration: z.string(),
  admittedAtSeconds: z.int(),
});
export type MemberRecord = z.infer<typeof MemberRecord>;

const File = z.strictObject({
  srx: z.literal('members'),
  version: z.literal(1),
  members: z.array(MemberRecord).max(limits.membersMax),
});

export async function readMembers(folder: string): Promise<MemberRecord[]> {
  const text = await readText(inFolder(folder).members);
  return text === undefined ? [] : parseFile(text, File, 'members.json').members;
}

export function writeMembers(folder: string, members: MemberRecord[]): Promise<void> {
  const file = { srx: 'members', version: 1, members };
  return writeAtomically(inFolder(folder).members, toJson(file), 0o600);
}

/** Differs after every change of members.json; the file is replaced, so its inode changes too. */
export async function membersVersion(folder: string): Promise<string> {
  try {
    const { mtimeNs, ino, size } = await stat(inFolder(folder).members, { bigint: true });
    return `${mtimeNs}.${ino}.${size}`;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return 'none';
    throw cause;
  }
}

/**
 * The record of a member file, and the member that it describes.
 * @throws TrustFailure for a statement that does not hold; Refusal for another registry's.
 */
export async function judgeMemberFile(
  text: string,
  registry: string,
  nowSeconds: number,
  isStateRun = false,
): Promise<{ record: MemberRecord; member: Member }> {
  const keys = new KeyCache();
  const { jws, claims } = await verifySelfSigned(text.trim(), { nowSeconds }, keys);
  if (!claims.authority_hints?.includes(registry)) {
    throw new TrustFailure('authority-hints', 'The member file is made for another registry.');
  }
  const metadata = claims.metadata ?? {};
  const member = await readMember(
    {
      subject: claims.sub,
      metadata,
      federationKids: claims.jwks.keys.map(({ kid }) => kid),
      validUntilSeconds: claims.exp,
    },
    nowSeconds,
    keys,
  );
  const { organization_name, countries, roles } = readNodeMetadata(metadata);
  const federationKeys = claims.jwks.keys.map((key) => jwk.parse(readPublicJwk(key, 'Ed25519')));
  const entity = claims.sub;
  const described = { entityId: entity, name: organization_name, countries, roles, isStateRun };
  const record = { ...described, federationKeys };
  return { record: { ...record, configuration: jws, admittedAtSeconds: nowSeconds }, member };
}

/** A key's or certificate's digest → the entity that has it. */
export type Owners = Map<string, string>;

/** All by which an entity is known, from its own configuration; nothing is verified. */
function claimedBy(jws: string): string[] {
  const { claims } = readConfiguration(jws);
  const node = readNodeMetadata(claims.metadata ?? {});
  const keys = [...claims.jwks.keys, ...node.message_keys, ...node.encryption_keys];
  return [...keys.map(({ kid }) => kid), ...readPins(node)];
}

/** Makes it the owner of all that its configuration names. @throws Refusal CONFLICT, nothing changed. */
export function claim(owners: Owners, own: { entityId: string; jws: string }): void {
  const identifiers = claimedBy(own.jws);
  for (const identifier of identifiers) {
    if ((owners.get(identifier) ?? own.entityId) !== own.entityId) {
      throw new Refusal('CONFLICT', 'A key or certificate is another member’s: make new ones.');
    }
  }
  for (const identifier of identifiers) owners.set(identifier, own.entityId);
}
