// The registry's data folder: what lies in it, how it is made and opened.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { hasCode, readSecretFile, writeAtomically } from '#crypto/files.ts';
import { Keyring } from '#crypto/keyring.ts';
import type { PublicJwk } from '#crypto/keys.ts';
import { createTlsCertificate } from '#crypto/tls.ts';
import { createWrappingKey, loadWrappingKey } from '#crypto/wrapping-key.ts';
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { label } from '#model/plan/fields.ts';
import { Refusal } from '#model/refusal.ts';
import { makeFolder } from '#services/node/make-folder.ts';
import { address } from '#trust/metadata.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const Identity = z.strictObject({
  srx: z.literal('registry'),
  version: z.literal(1),
  entityId,
  name: label('of the federation'),
  /** host:port, as nodes dial it. */
  address,
  /** Where the service listens, if that is another place. */
  listen: z
    .strictObject({ host: z.string().min(1).max(253), port: z.int().min(0).max(65_535) })
    .optional(),
});
export type Identity = z.infer<typeof Identity>;

export type RegistryFolder = {
  identity: Identity;
  keyring: Keyring;
  tls: { certificatePem: string; privateKeyPem: string };
};

/** Paths that the commands and the running registry share. */
export const inFolder = (folder: string) => ({
  identity: join(folder, 'registry.json'),
  nodeKey: join(folder, 'node.key'),
  keyring: join(folder, 'keyring.json'),
  tlsKey: join(folder, 'tls.key.pem'),
  /** Both for the nodes, to pin: the certificate, and the federation key as a JWK. */
  tlsCertificate: join(folder, 'tls.pem'),
  anchorKey: join(folder, 'anchor.jwk.json'),
  members: join(folder, 'members.json'),
  configurations: join(folder, 'configurations.json'),
});

const FAULTS: Readonly<Record<string, string>> = {
  entityId:
    'The entity id must be an https URL in small letters, such as https://registry.example.',
  name: 'The name must be one line of at most 160 characters.',
  address: 'The address must be host:port in small letters.',
};

/** @throws Refusal BAD_CONFIG if there is a registry in the folder already. */
export async function createRegistryFolder(
  folder: string,
  identity: Omit<Identity, 'srx' | 'version'>,
  clock: Clock,
): Promise<{ entityId: string; anchorKey: PublicJwk; tlsCertificate: string }> {
  const checked = Identity.safeParse({ srx: 'registry', version: 1, ...identity });
  if (!checked.success) {
    const field = String(checked.error.issues[0]?.path[0]);
    throw new Refusal('BAD_CONFIG', FAULTS[field] ?? `The ${field} is not as it must be.`);
  }
  await makeFolder(folder).catch((cause: unknown) => {
    throw new Refusal(
      'BAD_CONFIG',
      `The folder ${folder} cannot be made: check the rights of the one above it, or name another.`,
      { cause },
    );
  });
  const files = inFolder(folder);
  if (await readText(files.identity)) {
    throw new Refusal('BAD_CONFIG', 'The folder holds a registry already: name another one.');
  }
  const keyring = await Keyring.create(
    files.keyring,
    await createWrappingKey(files.nodeKey),
    clock,
  );
  const tls = createTlsCertificate({
    hostNames: hostNames(checked.data),
    notBeforeMs: clock.now() - DAY_MS,
    notAfterMs: clock.now() + limits.registryCertificateDays * DAY_MS,
  });
  const anchorKey = keyring.signing('federation').publicJwk;
  await writeAtomically(files.tlsKey, Buffer.from(tls.privateKeyPem), 0o600);
  await writeAtomically(files.tlsCertificate, Buffer.from(tls.certificatePem), 0o644);
  await writeAtomically(files.anchorKey, toJson(anchorKey), 0o644);
  // Last: the folder counts as a registry once it is whole.
  await writeAtomically(files.identity, toJson(checked.data), 0o644);
  return { entityId: checked.data.entityId, anchorKey, tlsCertificate: tls.certificatePem };
}

/** @throws Refusal BAD_CONFIG or KEY_UNAVAILABLE with the remedy. */
export async function openRegistryFolder(folder: string): Promise<RegistryFolder> {
  const files = inFolder(folder);
  const identity = await readIdentity(folder);
  const keyring = await Keyring.open(files.keyring, await loadWrappingKey(files.nodeKey));
  const key = await readSecretFile(files.tlsKey, 'TLS key', limits.configFileBytesMax);
  const certificatePem = await readText(files.tlsCertificate);
  if (!key || certificatePem === undefined) {
    throw new Refusal('BAD_CONFIG', 'The TLS key or certificate is not there: restore the folder.');
  }
  return { identity, keyring, tls: { certificatePem, privateKeyPem: Buffer.from(key).toString() } };
}

export async function readIdentity(folder: string): Promise<Identity> {
  const text = await readText(inFolder(folder).identity);
  if (text === undefined) {
    throw new Refusal('BAD_CONFIG', 'The folder holds no registry: make one, or correct its path.');
  }
  return parseFile(text, Identity, 'registry.json');
}

/** undefined if there is no such file. */
export async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new Refusal('BAD_CONFIG', 'A file of the data folder cannot be read: check its rights.', {
      cause,
    });
  }
}

export function parseFile<T>(text: string, schema: z.ZodType<T>, name: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Refusal('BAD_CONFIG', `The file ${name} is damaged: restore it.`, { cause });
  }
}

export function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

function hostNames(identity: Identity): string[] {
  const dialled = new URL(`https://${identity.address}`).hostname;
  const names = [dialled, new URL(identity.entityId).hostname];
  return [...new Set(names.map((name) => name.replace(/^\[(.*)\]$/, '$1')))];
}
