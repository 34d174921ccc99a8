// The node key: 32 bytes in a file of the operator or in a systemd credential.
// It wraps the keyring and the key file and is never written by anything else.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { fromBase64url, randomBytes, toBase64url } from './digest.ts';
import { hasCode, readSecretFile, syncFolder } from './files.ts';

/** The generation is named beside what it wraps, so that a wrong key can be told from damage. */
export type WrappingKey = { generation: number; secret: KeyObject };

const KEY_BYTES = 32;

/**
 * Three forms: 32 raw bytes, 43 characters of base64url, or `<generation>.<base64url>`.
 * Without a number the generation is 1.
 * @throws Refusal BAD_CONFIG that says the remedy.
 */
export async function loadWrappingKey(file: string): Promise<WrappingKey> {
  const bytes = await readSecretFile(file, 'node key file', limits.nodeKeyFileBytesMax);
  if (!bytes) {
    throw new Refusal(
      'BAD_CONFIG',
      'The node key file is not there: restore it, or correct its path. Without it nothing of this node can be read.',
    );
  }
  if (bytes.length === KEY_BYTES) return toKey(1, bytes);
  const text = Buffer.from(bytes).toString('latin1').trim();
  const [, number, key] = /^(?:([1-9][0-9]{0,8})\.)?([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  if (key === undefined) {
    throw new Refusal('BAD_CONFIG', 'The node key file must hold 32 bytes, raw or as base64url.');
  }
  return toKey(Number(number ?? '1'), fromBase64url(key));
}

/** Makes the file, mode 0600. @throws Refusal BAD_CONFIG if one is there: it is never replaced. */
export async function createWrappingKey(file: string, generation = 1): Promise<WrappingKey> {
  const bytes = randomBytes(KEY_BYTES);
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(`${generation}.${toBase64url(bytes)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(file));
  } catch (cause) {
    const remedy = hasCode(cause, 'EEXIST')
      ? 'is there already: use it, or name another path'
      : 'cannot be written: check its folder and rights';
    throw new Refusal('BAD_CONFIG', `The node key file ${remedy}.`, { cause });
  }
  return toKey(generation, bytes);
}

function toKey(generation: number, bytes: Uint8Array): WrappingKey {
  return { generation, secret: createSecretKey(bytes) };
}
