// The node's own private keys in one file, encrypted by the node key: to sign
// statements, to sign messages, to open parcels. TLS keys lie beside, as PEM.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { decryptWith, encryptWith } from './at-rest.ts';
import { readSecretFile, replaceSecret } from './files.ts';
import {
  createPrivateJwk,
  importOpeningKey,
  importSigningKey,
  type OpeningKey,
  type PrivateJwk,
  type PublicJwk,
  type SigningKey,
} from './keys.ts';
import { readStrictJsonObject } from './strict-json.ts';
import type { WrappingKey } from './wrapping-key.ts';

export const KEY_PURPOSES = ['federation', 'message', 'encryption'] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];
export type SigningPurpose = Exclude<KeyPurpose, 'encryption'>;

/**
 * current: used. retired: replaced, still published (to verify) or still opening.
 * ended: only listed. Times are whole seconds; retiresAt is when a current
 * encryption key must be replaced, or when a retired key ends; otherwise null: a
 * retired message key has no end, because what it signed is evidence for years.
 */
export type KeyEntry = {
  kid: string;
  purpose: KeyPurpose;
  createdAt: number;
  retiresAt: number | null;
  state: 'current' | 'retired' | 'ended';
};

const Stored = z.strictObject({
  kid: z.string(),
  purpose: z.enum(KEY_PURPOSES),
  createdAt: z.int(),
  retiresAt: z.int().nullable(),
  state: z.enum(['current', 'retired', 'ended']),
  publicJwk: z.strictObject({
    kty: z.literal('OKP'),
    crv: z.enum(['Ed25519', 'X25519']),
    x: z.string(),
    kid: z.string(),
  }),
  // Kept for as long as it is needed: a retired signing key has none.
  d: z.string().optional(),
});
type Stored = z.infer<typeof Stored>;
const File = z.strictObject({
  srx: z.literal('keyring'),
  version: z.literal(1),
  nodeKeyGeneration: z.int(),
  sealed: z.string(),
});

const CONTEXT = 'srx-keyring.v1';
// Beyond these a statement would not be read; the oldest stay out.
const PUBLISHED_MAX: Readonly<Record<KeyPurpose, number>> = {
  federation: limits.federationKeysMax,
  message: limits.messageKeysMax,
  encryption: limits.encryptionKeysMax,
};
type Clock = { now(): number };

export class Keyring {
  readonly #file: string;
  readonly #wrappingKey: WrappingKey;
  #stored: readonly Stored[];
  #signing = new Map<string, SigningKey>();
  #opening = new Map<string, OpeningKey>();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: string, wrappingKey: WrappingKey, stored: readonly Stored[]) {
    this.#file = file;
    this.#wrappingKey = wrappingKey;
    this.#stored = stored;
  }

  /** A new file with one key of each purpose. @throws Refusal BAD_CONFIG if there is one. */
  static async create(file: string, wrappingKey: WrappingKey, clock: Clock): Promise<Keyring> {
    if (await readSecretFile(file, 'keyring', limits.keyringBytesMax)) {
      throw new Refusal('BAD_CONFIG', 'The keyring is there already: it is never replaced.');
    }
    const keyring = new Keyring(file, wrappingKey, []);
    await keyring.#replace(KEY_PURPOSES.map((purpose) => createStored(purpose, clock)));
    return keyring;
  }

  /** @throws Refusal BAD_CONFIG, or KEY_UNAVAILABLE if this node key does not open it. */
  static async open(file: string, wrappingKey: WrappingKey): Promise<Keyring> {
    const bytes = await readSecretFile(file, 'keyring', limits.keyringBytesMax);
    if (!bytes) {
      throw new Refusal(
        'BAD_CONFIG',
        'The keyring is not there: restore it, or correct the folder. A new node is made with srx init.',
      );
    }
    const keyring = new Keyring(file, wrappingKey, readStored(bytes, wrappingKey));
    await keyring.#import(keyring.#stored);
    return keyring;
  }

  /** The key to sign with now. */
  signing(purpose: SigningPurpose): SigningKey {
    const key = this.#signing.get(purpose);
    if (!key) throw new Refusal('KEY_UNAVAILABLE', `The keyring has no current ${purpose} key.`);
    return key;
  }

  /** The key for a parcel sealed to this kid, current or in its overlap. */
  opening(kid: string): OpeningKey | undefined {
    return this.#opening.get(kid);
  }

  /** Whether this kid was once ours to open: the difference between retired and unknown. */
  wasOpening(kid: string): boolean {
    return this.#stored.some((key) => key.kid === kid && key.purpose === 'encryption');
  }

  list(): KeyEntry[] {
    return this.#stored.map(({ kid, purpose, createdAt, retiresAt, state }) => {
      return { kid, purpose, createdAt, retiresAt, state };
    });
  }

  /**
   * What the node publishes, the current key first. Retired signing keys stay, so that what
   * they signed verifies; a retired encryption key does not: nobody should begin to use it.
   */
  publicJwks(purpose: KeyPurpose): PublicJwk[] {
    const isPublished = (key: Stored) =>
      key.state === 'current' || (key.state === 'retired' && purpose !== 'encryption');
    return this.#stored
      .filter((key) => key.purpose === purpose && isPublished(key))
      .toSorted((a, b) => Number(b.state === 'current') - Number(a.state === 'current'))
      .slice(0, PUBLISHED_MAX[purpose])
      .map((key) => key.publicJwk);
  }

  /** All that ever signed, the newest first: what they signed is still to be verified. */
  allPublicJwks(purpose: SigningPurpose): PublicJwk[] {
    return this.#stored.filter((key) => key.purpose === purpose).map((key) => key.publicJwk);
  }

  /** Makes the next key and uses it; returns its kid. Nothing changes if the file cannot be written. */
  rotate(purpose: KeyPurpose, clock: Clock): Promise<string> {
    return this.#alone(async () => {
      const next = createStored(purpose, clock);
      const kept = this.#stored.map((key) => {
        const isOld = key.purpose === purpose && key.state === 'current';
        return isOld ? retire(key, seconds(clock)) : key;
      });
      await this.#replace([next, ...kept]);
      return next.kid;
    });
  }

  /** Ends what is past its time and forgets the private parts; returns the kids. */
  destroyEnded(clock: Clock): Promise<string[]> {
    return this.#alone(async () => {
      const now = seconds(clock);
      const isOver = (key: Stored) =>
        key.state === 'retired' && key.retiresAt !== null && key.retiresAt <= now;
      const over = this.#stored.filter(isOver).map((key) => key.kid);
      if (over.length > 0) {
        await this.#replace(this.#stored.map((key) => (isOver(key) ? end(key) : key)));
      }
      return over;
    });
  }

  async #replace(stored: readonly Stored[]): Promise<void> {
    const plaintext = Buffer.from(JSON.stringify(stored));
    const file: z.infer<typeof File> = {
      srx: 'keyring',
      version: 1,
      nodeKeyGeneration: this.#wrappingKey.generation,
      sealed: encryptWith(this.#wrappingKey.secret, CONTEXT, plaintext),
    };
    await replaceSecret(this.#file, Buffer.from(`${JSON.stringify(file)}\n`));
    await this.#import(stored);
  }

  async #import(stored: readonly Stored[]): Promise<void> {
    const signing = new Map<string, SigningKey>();
    const opening = new Map<string, OpeningKey>();
    for (const { kid, purpose, state, publicJwk, d } of stored) {
      if (d === undefined) continue;
      const jwk: PrivateJwk = { ...publicJwk, d };
      if (purpose === 'encryption') opening.set(kid, await importOpeningKey(jwk));
      else if (state === 'current') signing.set(purpose, await importSigningKey(jwk));
    }
    this.#stored = stored;
    this.#signing = signing;
    this.#opening = opening;
  }

  // One change at a time, or the later would write over the earlier.
  #alone<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function createStored(purpose: KeyPurpose, clock: Clock): Stored {
  const { d, ...publicJwk } = createPrivateJwk(purpose === 'encryption' ? 'X25519' : 'Ed25519');
  const createdAt = seconds(clock);
  const retiresAt =
    purpose === 'encryption' ? createdAt + limits.encryptionKeyLifeSecondsMax : null;
  return { kid: publicJwk.kid, purpose, createdAt, retiresAt, state: 'current', publicJwk, d };
}

// A retired signing key needs no private part any more; a parcel under way does.
// A partner that was restored from an old copy reads old messages and receipts again.
function retire({ d, ...key }: Stored, now: number): Stored {
  if (key.purpose === 'message') return { ...key, state: 'retired', retiresAt: null };
  if (key.purpose === 'federation') {
    return { ...key, state: 'retired', retiresAt: now + limits.messageLifeSecondsMax };
  }
  // Never beyond its life, however late it was replaced: nobody has sealed to it since.
  const retiresAt = Math.min(now + limits.encryptionKeyOverlapSeconds, key.retiresAt ?? now);
  return { ...key, state: 'retired', retiresAt, ...(d === undefined ? {} : { d }) };
}

function end({ d: _destroyed, ...key }: Stored): Stored {
  return { ...key, state: 'ended' };
}

function readStored(bytes: Uint8Array, wrappingKey: WrappingKey): readonly Stored[] {
  try {
    const file = File.parse(readStrictJsonObject(bytes));
    const plaintext = decryptWith(wrappingKey.secret, CONTEXT, file.sealed);
    return z.array(Stored).parse(JSON.parse(Buffer.from(plaintext).toString()));
  } catch {
    // Without a cause: a parser's message could quote a key.
    throw new Refusal(
      'KEY_UNAVAILABLE',
      'The keyring does not open with this node key: give the key with which it was made, or restore the keyring.',
    );
  }
}

function seconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
