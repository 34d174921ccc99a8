// Digests, random values and the one spelling of bytes as text: base64url
// without padding (RFC 4648 section 5), in its canonical form only.
import {
  createHmac,
  createSecretKey,
  hash,
  randomBytes as random,
  randomUUID,
  timingSafeEqual,
} from 'node:crypto';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

/** SHA-256 as base64url, 43 characters. A string is taken as its UTF-8 bytes. */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url');
}

/** The same in lower-case hex, as people compare it. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/**
 * The digest under which a section stands in a signed message:
 * HMAC-SHA256(salt, 'srx-section-v1' ‖ referral ‖ name ‖ bytes) as base64url.
 * Each part is preceded by its length in bytes (u32, big endian), so no byte
 * can move from one part into its neighbour. The salt has exactly 32 bytes,
 * because HMAC takes a shorter key and the same key with zeros as equal.
 */
export function sectionDigest(input: {
  salt: Uint8Array;
  referralId: string;
  section: string;
  content: Uint8Array;
}): string {
  if (input.salt.length !== limits.sectionSaltBytes) {
    throw new Refusal('MALFORMED', `A section salt has ${limits.sectionSaltBytes} bytes.`);
  }
  // Given bytes, Node 24 throws and catches an error to see that they are no key yet.
  const mac = createHmac('sha256', createSecretKey(input.salt));
  const label = 'srx-section-v1';
  for (const part of [utf8(label), utf8(input.referralId), utf8(input.section), input.content]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    mac.update(length).update(part);
  }
  return mac.digest('base64url');
}

/** Compares two digests in a time that does not depend on where they differ. */
export function equalDigests(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

export function randomBytes(count: number): Uint8Array {
  return new Uint8Array(random(count));
}

/** A random id (RFC 9562 section 5.4), for everything that goes over the wire. */
export function uuid4(): string {
  return randomUUID();
}

/**
 * The id that follows from a secret text, in the form of a random one (RFC 9562 section 5.4):
 * the same text, the same id, and no way back.
 */
export function uuid4From(text: string): string {
  const bytes = Buffer.from(hash('sha256', text, 'buffer').subarray(0, 16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  return uuidText(bytes);
}

/** An id that sorts by time (RFC 9562 section 5.7), for local rows only. */
export function uuid7(nowMs: number): string {
  const bytes = random(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  return uuidText(bytes);
}

/** With the variant of RFC 9562 section 4.1; the version is there. */
function uuidText(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** @throws Refusal MALFORMED for padding, foreign characters and set spare bits: one text per value. */
export function fromBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) {
    throw new Refusal('MALFORMED', 'A value is not canonical base64url without padding.');
  }
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// An unpaired surrogate would become U+FFFD: two texts, one digest.
function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new Refusal('MALFORMED', 'A name is not well-formed Unicode.');
  return Buffer.from(text);
}
