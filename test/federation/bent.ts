// Signed and sealed texts bent by hand, as whoever has the keys can make them.
import { fromBase64url, toBase64url } from '#crypto/digest.ts';
import type { SigningKey } from '#crypto/keys.ts';
import { delimited, varint } from '#test/vectors/protobuf-bytes.ts';

type Header = Record<string, unknown>;

export function headerOf(compact: string): Header {
  const [head = ''] = compact.split('.');
  return JSON.parse(Buffer.from(fromBase64url(head)).toString()) as Header;
}

/** The same text under another header; whatever signed or sealed the old one stays. */
export function reheaded(compact: string, bend: (header: Header) => unknown): string {
  const [, ...rest] = compact.split('.');
  return [encoded(bend(headerOf(compact))), ...rest].join('.');
}

/** Rightly signed by the key, under any header. */
export async function signedUnder(
  header: unknown,
  payload: string,
  key: SigningKey,
): Promise<string> {
  const input = `${encoded(header)}.${payload}`;
  const signature = await crypto.subtle.sign('Ed25519', key.privateKey, Buffer.from(input));
  return `${input}.${toBase64url(new Uint8Array(signature))}`;
}

function encoded(header: unknown): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  return toBase64url(Buffer.from(text));
}

/** One part with its middle character changed: still canonical, no longer true. */
export function flipped(compact: string, part: number): string {
  const parts = compact.split('.');
  const text = parts[part] ?? '';
  const at = Math.floor(text.length / 2);
  const other = text[at] === 'A' ? 'B' : 'A';
  parts[part] = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
  return parts.join('.');
}

/** Padded with zero bytes to a size of a parcel, as field 3 of its proto. */
export function filledUp(bytes: Uint8Array, size = 4096): Uint8Array {
  for (const lengthBytes of [1, 2, 3]) {
    const room = size - bytes.length - 1 - lengthBytes;
    if (varint(room).length !== lengthBytes) continue;
    return Buffer.concat([bytes, delimited(3, Buffer.alloc(room))]);
  }
  throw new Error('no padding fits');
}

/** The fields of a protobuf message as they stand, each with its tag. */
export function fieldsOf(bytes: Uint8Array): { number: number; bytes: Uint8Array }[] {
  const fields: { number: number; bytes: Uint8Array }[] = [];
  const varintAt = (at: number): { value: number; end: number } => {
    let value = 0;
    for (let end = at, scale = 1; ; end += 1, scale *= 128) {
      const byte = bytes[end] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return { value, end: end + 1 };
    }
  };
  for (let at = 0; at < bytes.length; ) {
    const tag = varintAt(at);
    const value = varintAt(tag.end);
    const end = tag.value % 8 === 2 ? value.end + value.value : value.end;
    fields.push({ number: Math.floor(tag.value / 8), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return fields;
}
