// As much of DER (ITU-T X.690) as writing one certificate takes. It only
// writes; what comes from others is read by the platform.

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
export const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.of(0), bytes);
export const isTrue = (): Buffer => der(0x01, Buffer.of(0xff));
export const printable = (text: string): Buffer => der(0x13, Buffer.from(text, 'latin1'));
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));

/** A positive integer from its bytes, big endian, the first not zero. */
export function integer(bytes: Uint8Array): Buffer {
  return der(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.of(0) : Buffer.of(), bytes);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** RFC 5280 section 4.1.2.5: two digits of the year through 2049, four from 2050. */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d{3}/g, '');
  const isShort = Number(text.slice(0, 4)) < 2050;
  return isShort ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function length(count: number): Buffer {
  if (count < 0x80) return Buffer.of(count);
  const hex = count.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}
