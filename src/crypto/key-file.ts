// One key for each referral and each local case, outside of the database and
// its backups: to destroy the key is to erase what it encrypted, for good.
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import type { DataKey } from './at-rest.ts';
import {
  createDataKey,
  createGeneration,
  encodeGroup,
  type Generation,
  unwrapGroup,
} from './key-file-format.ts';
import { KeyFilePlace, type PlaceContent } from './key-file-place.ts';
import type { WrappingKey } from './wrapping-key.ts';

type Waiting = PromiseWithResolvers<DataKey> & { key: DataKey };
type Found = { place: KeyFilePlace; content: PlaceContent | undefined };

const ID = /^[\x21-\x7e]+$/;

export class KeyFile {
  readonly #places: readonly KeyFilePlace[];
  readonly #keys: Map<string, DataKey>;
  #generation: Generation;
  #waiting = new Map<string, Waiting>();
  #turn: Promise<unknown> = Promise.resolve();
  #isErasureOpen = false;
  // Also counts attempts that failed, so that a number never names two keys.
  #lastNumber: number;

  private constructor(
    places: readonly KeyFilePlace[],
    generation: Generation,
    keys: Map<string, DataKey>,
  ) {
    this.#places = places;
    this.#generation = generation;
    this.#lastNumber = generation.number;
    this.#keys = keys;
  }

  /** An empty key file at each place. @throws Refusal BAD_CONFIG if one is there. */
  static async create(files: readonly string[], nodeKey: WrappingKey): Promise<KeyFile> {
    const places = files.map((file) => new KeyFilePlace(file, nodeKey));
    for (const place of places) {
      if (await place.isTaken()) {
        throw new Refusal(
          'BAD_CONFIG',
          'A key file, or its generation file, is there already: use it, or remove it if the node never ran.',
        );
      }
    }
    const generation = createGeneration(1);
    for (const place of places) await place.rewrite(generation, []);
    return new KeyFile(places, generation, new Map());
  }

  /**
   * The newest generation found counts, with all keys that any place has of it; every other
   * place is brought to it, a new one too. So an erasure or an append that was cut off is finished.
   * @throws Refusal KEY_UNAVAILABLE: none there, wrong node key, an older copy, damage.
   */
  static async open(files: readonly string[], nodeKey: WrappingKey): Promise<KeyFile> {
    const found: Found[] = [];
    for (const file of files) {
      const place = new KeyFilePlace(file, nodeKey);
      found.push({ place, content: await place.read() });
    }
    const generation = newestGeneration(found);
    const isNewest = ({ content }: Found) => content?.generation === generation.number;
    const keys = new Map<string, DataKey>();
    for (const { content } of found.filter(isNewest)) {
      for (const key of content?.groups.flatMap((group) => unwrapGroup(generation, group)) ?? []) {
        addKey(keys, key);
      }
    }
    const file = new KeyFile(
      found.map(({ place }) => place),
      generation,
      keys,
    );
    try {
      for (const one of found) {
        const count = one.content?.groups.reduce((sum, group) => sum + group.keys.length, 0);
        const isWhole = isNewest(one) && count === keys.size && !one.content?.isUntidy;
        if (isWhole) await one.place.openAt(one.content?.bytesKept ?? 0);
        else await one.place.rewrite(generation, [...keys.values()]);
      }
      return file;
    } catch (cause) {
      await file.close();
      throw cause;
    }
  }

  get generation(): number {
    return this.#generation.number;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** The key, if it is there and synced. */
  get(id: string): DataKey | undefined {
    return this.#keys.get(id);
  }

  /**
   * The key of this id, made if there is none, and on disk at every place when it resolves:
   * await it before the transaction that needs it. Callers at the same time share one sync.
   * It cannot know of an erasure: ask the tombstones before a key is made again.
   */
  ensure(id: string): Promise<DataKey> {
    const known = this.#keys.get(id);
    if (known) return Promise.resolve(known);
    if (!ID.test(id) || id.length > limits.keyFileIdBytesMax) {
      return Promise.reject(new Refusal('MALFORMED', 'The id of a data key is not usable.'));
    }
    const already = this.#waiting.get(id);
    if (already) return already.promise;
    const waiting: Waiting = { ...Promise.withResolvers<DataKey>(), key: createDataKey(id) };
    this.#waiting.set(id, waiting);
    void this.#alone(() => this.#appendWaiting());
    return waiting.promise;
  }

  /**
   * Destroys these keys: gone from memory when its turn comes, and from every place when it resolves.
   * After a failure call it again; the next start finishes it if one place has taken it,
   * and the caller's tombstone repeats it in any case.
   * @throws Refusal UNAVAILABLE if a place has not answered: the erasure stays open.
   */
  destroy(ids: readonly string[]): Promise<void> {
    return this.#alone(async () => {
      const there = ids.filter((id) => this.#keys.delete(id));
      if (there.length === 0 && !this.#isErasureOpen) return;
      this.#isErasureOpen = true;
      this.#lastNumber += 1;
      const next = createGeneration(this.#lastNumber);
      const keys = [...this.#keys.values()];
      const results = await Promise.allSettled(
        this.#places.map((place) => place.rewrite(next, keys)),
      );
      // One place at the new generation is enough for the next start to prefer it.
      if (results.some(({ status }) => status === 'fulfilled')) this.#generation = next;
      const failed = results.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw erasureOpen(failed.reason);
      this.#isErasureOpen = false;
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    for (const place of this.#places) await place.close();
  }

  // Whoever came while the last group was being synced goes into this one.
  async #appendWaiting(): Promise<void> {
    const group = this.#waiting.values().take(limits.keyFileBatchMax).toArray();
    if (group.length === 0) return;
    const keys = group.map(({ key }) => key);
    try {
      const lines = Buffer.from(encodeGroup(this.#generation, keys));
      // All settled: the next group must not meet a place that is still writing.
      const results = await Promise.allSettled(this.#places.map((place) => place.append(lines)));
      const failed = results.find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      for (const place of this.#places) place.keep(lines);
    } catch (cause) {
      for (const { key, reject } of group) {
        this.#waiting.delete(key.id);
        reject(cause);
      }
      return;
    }
    for (const { key, resolve } of group) {
      this.#keys.set(key.id, key);
      this.#waiting.delete(key.id);
      resolve(key);
    }
  }

  #alone<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function newestGeneration(found: readonly Found[]): Generation {
  const number = Math.max(0, ...found.map(({ content }) => content?.generation ?? 0));
  if (number === 0) {
    throw new Refusal(
      'KEY_UNAVAILABLE',
      'There is no key file at any registered place: restore it, or correct keyFilePlaces. Without it no stored section can be read.',
    );
  }
  for (const { content } of found) {
    const generation = content?.generations.find((one) => one.number === number);
    if (generation && content?.generation === number) return generation;
  }
  throw new Refusal(
    'KEY_UNAVAILABLE',
    `The key file is an older copy (generation ${number}), closed by a later erasure: use the current one.`,
  );
}

function addKey(keys: Map<string, DataKey>, key: DataKey): void {
  const other = keys.get(key.id);
  if (other && !other.secret.equals(key.secret)) {
    throw new Refusal(
      'KEY_UNAVAILABLE',
      'Two places of the key file disagree: keep the one that was used last.',
    );
  }
  keys.set(key.id, key);
}

function erasureOpen(cause: unknown): Refusal {
  return new Refusal(
    'UNAVAILABLE',
    'A registered place of the key file has not taken the erasure: check it, and the erasure is repeated.',
    { cause },
  );
}
