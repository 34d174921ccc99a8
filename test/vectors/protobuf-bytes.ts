// Protobuf written by hand, for bytes that no encoder makes.

export function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 128))];
}

/** A field of wire type 2: bytes, text, a message or a packed list. */
export function delimited(
  number: number,
  content: Uint8Array | readonly number[] | string,
): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

/** A field of wire type 0; a list is the bytes of the varint as they shall stand. */
export function numeric(number: number, value: number | readonly number[]): Buffer {
  return Buffer.from([
    ...varint(number * 8),
    ...(typeof value === 'number' ? varint(value) : value),
  ]);
}

/** Fields of a message by number, joined in the order of their numbers. */
export type Fields = Record<number, Buffer>;

export function joined(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

export function withFields(fields: Fields, changed: Fields = {}): Buffer {
  return Buffer.concat(Object.values({ ...fields, ...changed }));
}
