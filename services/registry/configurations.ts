// The newest configuration of each member that the registry could read from it,
// kept in a file so that a member may be offline for as long as that is valid.
import { z } from 'zod';

import { writeAtomically } from '#crypto/files.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { createPinnedGet } from '#services/https/pinned-get.ts';
import { readConfiguration } from '#trust/entity-statement.ts';
import { readNodeMetadata } from '#trust/metadata.ts';
import { configurationUrl } from '#trust/registry-reader.ts';

import type { MemberRecord } from './member-file.ts';
import { inFolder, parseFile, readText, toJson } from './registry-folder.ts';

const File = z.strictObject({
  srx: z.literal('configurations'),
  version: z.literal(1),
  configurations: z.array(z.tuple([entityId, z.string()])).max(limits.membersMax),
});

/** entity id → its newest configuration, as its JWS. */
export type Configurations = ReadonlyMap<string, string>;

export async function readKeptConfigurations(folder: string): Promise<Configurations> {
  const text = await readText(inFolder(folder).configurations);
  if (text === undefined) return new Map();
  return new Map(parseFile(text, File, 'configurations.json').configurations);
}

export function writeKeptConfigurations(
  folder: string,
  configurations: Configurations,
): Promise<void> {
  const file = { srx: 'configurations', version: 1, configurations: [...configurations] };
  return writeAtomically(inFolder(folder).configurations, toJson(file), 0o600);
}

/** The newer of what is kept and what it was admitted with, under a key that it was admitted with. */
export function newestConfiguration(record: MemberRecord, kept: Configurations): string {
  const jws = kept.get(record.entityId);
  if (jws === undefined || !isUnderAdmittedKey(jws, record)) return record.configuration;
  return issuedAt(jws) >= issuedAt(record.configuration) ? jws : record.configuration;
}

export function issuedAt(jws: string): number {
  return readConfiguration(jws).claims.iat;
}

function isUnderAdmittedKey(jws: string, { federationKeys }: MemberRecord): boolean {
  const { kid } = readConfiguration(jws);
  return federationKeys.some((key) => key.kid === kid);
}

/**
 * Asks the member itself, believing the certificates of its last configuration only.
 * @throws Refusal UNAVAILABLE, TIMED_OUT, NOT_FOUND or TOO_LARGE; nothing is verified.
 */
export async function fetchConfiguration(entity: string, newest: string): Promise<string> {
  const node = readNodeMetadata(readConfiguration(newest).claims.metadata ?? {});
  const { host, port } = new URL(entity);
  const dial = node.federation_address ?? (port === '' ? `${host}:443` : host);
  using way = createPinnedGet({ dial, certificates: node.tls_certificates });
  return await way.get(configurationUrl(entity), {
    contentType: 'application/entity-statement+jwt',
    bytesMax: limits.statementBytesMax,
  });
}
