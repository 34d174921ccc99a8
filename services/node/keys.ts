// What of the node lies in files: its own keys, the keys of what it stores, its
// certificate. Opened once, closed with the node.
import { join } from 'node:path';

import { KeyFile } from '#crypto/key-file.ts';
import { Keyring } from '#crypto/keyring.ts';
import { importVerifyKey, type VerifyKey } from '#crypto/keys.ts';
import { loadWrappingKey } from '#crypto/wrapping-key.ts';
import { type LoadedConfig, NODE_FILES } from './config.ts';
import { readTlsPair } from './config-files.ts';

export type NodeKeys = {
  keyring: Keyring;
  keyFile: KeyFile;
  tls: { certificatePem: string; privateKeyPem: string };
  ownMessageKeys(): Promise<ReadonlyMap<string, VerifyKey>>;
};

/** @throws Refusal BAD_CONFIG, KEY_UNAVAILABLE, with the remedy */
export async function openKeys(config: LoadedConfig): Promise<NodeKeys> {
  const nodeKey = await loadWrappingKey(config.nodeKeyFile);
  const keyring = await Keyring.open(join(config.folder, NODE_FILES.keyring), nodeKey);
  const files = {
    certificateFile: join(config.folder, NODE_FILES.certificate),
    privateKeyFile: join(config.folder, NODE_FILES.privateKey),
  };
  const tls = await readTlsPair(files, 'TLS');
  // Last: it stays open, for whoever has it to close.
  const keyFile = await KeyFile.open(config.keyFilePlaces, nodeKey);
  return { keyring, keyFile, tls, ownMessageKeys: () => importMessageKeys(keyring) };
}

async function importMessageKeys(keyring: Keyring): Promise<ReadonlyMap<string, VerifyKey>> {
  const keys = await Promise.all(keyring.allPublicJwks('message').map(importVerifyKey));
  return new Map(keys.map((key) => [key.kid, key]));
}
