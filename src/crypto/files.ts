// Files that must survive a power cut and must not be read by others.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { Refusal } from '#model/refusal.ts';

// Windows has neither mode bits nor folders that can be synced.
const isPosix = process.platform !== 'win32';

/**
 * Whole or not at all: temporary file, fsync, rename, fsync of the folder.
 * @throws Refusal BAD_CONFIG if the folder does not take it.
 */
export async function writeAtomically(
  file: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  try {
    await writeAndRename(file, bytes, mode);
  } catch (cause) {
    throw new Refusal(
      'BAD_CONFIG',
      'A file of the data folder cannot be written: check its free space, owner and rights.',
      { cause },
    );
  }
}

async function writeAndRename(file: string, bytes: Uint8Array, mode: number): Promise<void> {
  const temporary = `${file}.tmp`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  await syncFolder(dirname(file));
}

/** As writeAtomically, and the bytes that stood there are overwritten, as far as the disk obeys. */
export async function replaceSecret(file: string, bytes: Uint8Array): Promise<void> {
  // Windows does not rename onto an open file.
  const old = isPosix ? await openIfThere(file, 'r+') : undefined;
  try {
    await writeAtomically(file, bytes, 0o600);
    if (!old) return;
    const { size } = await old.stat();
    await old.write(new Uint8Array(size), 0, size, 0);
    await old.sync();
  } finally {
    await old?.close();
  }
}

/** Appends and syncs; a failure leaves any part of the bytes behind. */
export async function appendSynced(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  await handle.appendFile(bytes);
  await handle.datasync();
}

export async function syncFolder(folder: string): Promise<void> {
  if (!isPosix) return;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function openIfThere(file: string, flags: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, flags);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw cause;
  }
}

/**
 * The content of a file with a secret, or undefined if there is none.
 * @param name what the file is, for the refusal.
 * @throws Refusal BAD_CONFIG if others may read it, if it is too large, or cannot be read.
 */
export async function readSecretFile(
  file: string,
  name: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  try {
    const handle = await openIfThere(file, 'r');
    if (!handle) return undefined;
    try {
      const stats = await handle.stat();
      if (isPosix && !isPrivate(stats, await realpath(file))) {
        throw new Refusal(
          'BAD_CONFIG',
          `The ${name} may be read by other users: give it to the node's user and set mode 0600 (chmod 600).`,
        );
      }
      if (!stats.isFile() || stats.size > bytesMax) {
        throw new Refusal('BAD_CONFIG', `The ${name} is not a file of at most ${bytesMax} bytes.`);
      }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal('BAD_CONFIG', `The ${name} cannot be read: check its path, owner and mode.`, {
      cause,
    });
  }
}

/**
 * Judged by the mode, not by trying: root may read everything. systemd grants a
 * credential to the service's user by an ACL, which shows as root's group reading.
 */
export function isPrivate(stats: Pick<Stats, 'mode' | 'uid' | 'gid'>, realPath: string): boolean {
  const shared = stats.mode & 0o077;
  if (shared === 0) return true;
  const isCredential = realPath.startsWith('/run/credentials/');
  return isCredential && shared === 0o040 && stats.uid === 0 && stats.gid === 0;
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
