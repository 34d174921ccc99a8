// One registered place of the key file: the file itself, and beside it the
// generation file. Nothing here decides which of several places is right.
import { fstatSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { DataKey } from './at-rest.ts';
import {
  appendSynced,
  openIfThere,
  readSecretFile,
  replaceSecret,
  writeAtomically,
} from './files.ts';
import {
  decodeGenerations,
  decodeHead,
  decodeKeyFile,
  encodeGenerations,
  encodeGroup,
  encodeHead,
  type Generation,
  type KeyFileContent,
} from './key-file-format.ts';
import type { WrappingKey } from './wrapping-key.ts';

export type PlaceContent = KeyFileContent & {
  generations: readonly Generation[];
  /** A torn line or a generation more than needed: the place is to be tidied. */
  isUntidy: boolean;
};

const HEAD_BYTES_MAX = 128;

export class KeyFilePlace {
  readonly file: string;
  readonly #generationFile: string;
  readonly #nodeKey: WrappingKey;
  #handle: FileHandle | undefined;
  #bytes = 0;
  #isTorn = false;

  constructor(file: string, nodeKey: WrappingKey) {
    this.file = file;
    this.#generationFile = `${file}.generation`;
    this.#nodeKey = nodeKey;
  }

  /** Whether anything of a key file stands here. */
  async isTaken(): Promise<boolean> {
    const files = [this.file, this.#generationFile];
    return (await Promise.all(files.map(isThere))).includes(true);
  }

  /** What stands here, or undefined for a place that is new. */
  async read(): Promise<PlaceContent | undefined> {
    const bytes = await readSecretFile(this.file, 'key file', limits.keyFileBytesMax);
    if (!bytes) return undefined;
    const content = decodeKeyFile(bytes);
    const generations = await this.#readGenerations();
    const isUntidy = content.bytesKept < bytes.length || generations.length !== 1;
    return { ...content, generations, isUntidy };
  }

  /** Makes the place ready to append behind what was read. */
  async openAt(bytesKept: number): Promise<void> {
    await this.close();
    this.#handle = await open(this.file, 'a');
    this.#bytes = bytesKept;
    this.#isTorn = false;
  }

  /** On disk when it resolves. After a failure the place is as before, or cut back by the next append. */
  async append(lines: Uint8Array): Promise<void> {
    const handle = this.#handle;
    if (!handle || this.#bytes + lines.length > limits.keyFileBytesMax) throw unwritable();
    try {
      if (this.#isTorn) await handle.truncate(this.#bytes);
      this.#checkAlone(handle);
      this.#isTorn = true;
      await appendSynced(handle, lines);
    } catch (cause) {
      throw cause instanceof Refusal ? cause : unwritable(cause);
    }
  }

  /** Keeps what append wrote; not called when another place failed, so that all stay alike. */
  keep(lines: Uint8Array): void {
    this.#bytes += lines.length;
    this.#isTorn = false;
  }

  /**
   * Writes a whole new generation in an order in which every crash leaves a file that opens:
   * its key beside the old one, the file itself, then its key alone. With the last step the
   * old generation is destroyed, and older copies of the file are closed for good.
   */
  async rewrite(generation: Generation, keys: readonly DataKey[]): Promise<void> {
    await this.close();
    const current = await this.#readHead();
    const older = (await this.#readGenerations()).filter(({ number }) => number === current);
    await this.#writeGenerations(
      current === generation.number ? [generation] : [...older, generation],
    );
    const bytes = await encodeFile(generation, keys);
    await writeAtomically(this.file, bytes, 0o600);
    await this.#writeGenerations([generation]);
    await this.openAt(bytes.length);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  // From the disk and not from memory: an earlier attempt may have failed halfway.
  async #readHead(): Promise<number | undefined> {
    const handle = await openIfThere(this.file, 'r');
    if (!handle) return undefined;
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES_MAX), 0);
      return decodeHead(buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '');
    } finally {
      await handle.close();
    }
  }

  async #readGenerations(): Promise<Generation[]> {
    const name = 'generation file of the key file';
    const bytes = await readSecretFile(this.#generationFile, name, limits.keyringBytesMax);
    return bytes ? decodeGenerations(this.#nodeKey, bytes) : [];
  }

  async #writeGenerations(list: readonly Generation[]): Promise<void> {
    await replaceSecret(this.#generationFile, Buffer.from(encodeGenerations(this.#nodeKey, list)));
  }

  // A second process, or a file put back by hand: our appends would be lost in it.
  // Without waiting: two asked of another thread cost twenty times as much, for each group.
  #checkAlone(handle: FileHandle): void {
    const [ours, there] = [fstatSync(handle.fd), statSync(this.file)];
    if (ours.ino !== there.ino || ours.dev !== there.dev || there.size !== this.#bytes) {
      throw new Refusal(
        'KEY_UNAVAILABLE',
        'The key file was changed by another program: let one node alone use it, and start again.',
      );
    }
  }
}

async function isThere(file: string): Promise<boolean> {
  const handle = await openIfThere(file, 'r');
  await handle?.close();
  return handle !== undefined;
}

async function encodeFile(generation: Generation, keys: readonly DataKey[]): Promise<Buffer> {
  const lines = [encodeHead(generation)];
  for (let at = 0; at < keys.length; at += limits.keyFileBatchMax) {
    lines.push(encodeGroup(generation, keys.slice(at, at + limits.keyFileBatchMax)));
    await new Promise((resolve) => setImmediate(resolve)); // lets calls through between groups
  }
  return Buffer.from(lines.join(''));
}

function unwritable(cause?: unknown): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    'The key file cannot be written at every registered place: check free space, owner and rights.',
    { cause },
  );
}
