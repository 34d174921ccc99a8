// All families of vectors, and the files that hold them.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { createTlsCertificate, spkiDigest } from '#crypto/tls.ts';
import { makeCanonical } from './families/canonical.ts';
import { makeChains } from './families/chains.ts';
import { makeDigests } from './families/digests.ts';
import { makeMessages } from './families/messages.ts';
import { makeParcels } from './families/parcels.ts';
import { makeReceipts } from './families/receipts.ts';
import { makeReceiving } from './families/receiving.ts';
import { makeStatements } from './families/statements.ts';
import { makeSync } from './families/sync.ts';
import { PARTY_NAMES, parties } from './parties.ts';
import type { Family, Vector } from './vector.ts';

export const FAMILIES = [
  'digests',
  'canonical',
  'messages',
  'parcels',
  'receiving',
  'receipts',
  'sync',
  'chains',
  'statements',
] as const;
export type FamilyName = (typeof FAMILIES)[number];

/** keys.json: private keys of invented parties, and a certificate that was random once. */
type KeysFile = {
  about: string;
  parties: Record<string, { organisation: string } & Record<string, unknown>>;
  tls: { certificatePem: string; pin: string };
};

export function fileOf(name: FamilyName | 'keys'): string {
  return fileURLToPath(new URL(`./${name}.json`, import.meta.url));
}

/** What is stored; null where nothing is yet. */
async function readStored<T>(name: FamilyName | 'keys'): Promise<T | null> {
  try {
    return JSON.parse(await readFile(fileOf(name), 'utf8')) as T;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null;
    throw error;
  }
}

/** Everything anew, but for the one certificate that is stored. */
export async function makeAll(): Promise<Record<FamilyName | 'keys', object>> {
  const keys = await makeKeys(await readStored<KeysFile>('keys'));
  return {
    keys,
    digests: makeDigests(),
    canonical: makeCanonical(),
    messages: await makeMessages(),
    parcels: await makeParcels(),
    receiving: await makeReceiving(),
    receipts: await makeReceipts(),
    sync: await makeSync(),
    chains: await makeChains(),
    statements: await makeStatements(keys.tls),
  };
}

async function makeKeys(stored: KeysFile | null): Promise<KeysFile> {
  const all = await parties();
  const certificatePem = stored?.tls.certificatePem ?? makeCertificate();
  return {
    about:
      'Keys of invented parties, private parts too: good for nothing but these vectors. d is the SHA-256 of "srx vectors: <party> <purpose>".',
    parties: Object.fromEntries(
      PARTY_NAMES.map((name) => {
        const { organisation, jwks } = all[name];
        return [name, { organisation, ...jwks }];
      }),
    ),
    tls: { certificatePem, pin: spkiDigest(certificatePem) },
  };
}

function makeCertificate(): string {
  const { certificatePem } = createTlsCertificate({
    hostNames: ['harbour.example'],
    notBeforeMs: Date.UTC(2027, 0, 1),
    notAfterMs: Date.UTC(2029, 0, 1),
  });
  return certificatePem;
}

/** One line for each vector and each signed text, so that a change shows where it is. */
export function textOfFile(file: object): string {
  const members = Object.entries(file).map(([name, value]) => {
    return `${JSON.stringify(name)}: ${linesOf(value)}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
}

function linesOf(value: unknown): string {
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => JSON.stringify(item)).join(',\n')}\n]`;
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, item]) => {
    return `${JSON.stringify(name)}: ${JSON.stringify(item)}`;
  });
  return `{\n${members.join(',\n')}\n}`;
}

export async function readFamily<V extends Vector>(name: FamilyName): Promise<Family<V>> {
  const family = await readStored<Family<V>>(name);
  if (!family || family.vectors.length === 0) throw new Error(`${name}.json has no vectors`);
  return family;
}
