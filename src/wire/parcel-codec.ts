// Parcels: a message and its sections in the clear, padded so that their size
// tells only a class.
import { z } from 'zod';

import { SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Parcel } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import { decodeCanonical, wireType } from './convert.ts';
import { shapeRefusal } from './faults.ts';

const wire = wireType('srx.exchange.v1.Parcel');
const classes: readonly number[] = limits.parcelSizeClassesBytes;
const zeros = Buffer.alloc(Math.max(...classes));

const bytes = (isRight: (value: Uint8Array) => boolean) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && isRight(value));

const Contents = z.strictObject({
  message: z.string().min(1).max(limits.messageJwsBytesMax),
  sections: z
    .array(
      z.strictObject({
        section: z.enum(SECTIONS),
        salt: bytes(({ length }) => length === limits.sectionSaltBytes),
        content: bytes(({ length }) => length <= limits.sectionBytesMax),
      }),
    )
    .max(limits.sectionsPerMessageMax)
    .refine(
      (list) => new Set(list.map(({ section }) => section)).size === list.length,
      'a section is there twice',
    ),
});

/** @throws Refusal TOO_LARGE beyond the largest size class, SCHEMA_VIOLATION */
export function encodeParcel(parcel: Parcel): Uint8Array {
  const parsed = Contents.safeParse(parcel);
  if (!parsed.success) throw shapeRefusal('The parcel', parsed.error);
  const bare = wire.encode(parsed.data).length;
  for (const size of classes) {
    const padding = paddingFor(size - bare);
    if (padding === 0) return wire.encode(parsed.data);
    if (padding !== null) {
      return wire.encode({ ...parsed.data, padding: zeros.subarray(0, padding) });
    }
  }
  throw new Refusal(
    'TOO_LARGE',
    'The sections do not fit into one parcel of 256 KiB. Send fewer or shorter sections.',
  );
}

/** @throws Refusal MALFORMED, TOO_LARGE, SCHEMA_VIOLATION */
export function decodeParcel(encoded: Uint8Array): Parcel {
  if (encoded.length > zeros.length) throw new Refusal('TOO_LARGE', 'The parcel is too large.');
  if (!classes.includes(encoded.length)) {
    throw new Refusal('MALFORMED', 'The parcel is not padded to 4, 16, 64 or 256 KiB.');
  }
  const { padding, ...contents } = decodeCanonical(wire, 'The parcel', encoded);
  if (!isZero(padding as Buffer)) {
    throw new Refusal('SCHEMA_VIOLATION', 'The padding of the parcel is not zero.');
  }
  const parsed = Contents.safeParse(contents);
  if (!parsed.success) throw shapeRefusal('The parcel', parsed.error);
  return parsed.data;
}

function isZero(padding: Buffer): boolean {
  return zeros.subarray(0, padding.length).equals(padding);
}

/**
 * How many zero bytes fill `room` together with the field's tag and length; null where none do:
 * too little room, or one more byte would make the length a byte longer.
 */
function paddingFor(room: number): number | null {
  if (room === 0) return 0;
  for (let lengthBytes = 1; lengthBytes <= 3; lengthBytes += 1) {
    const padding = room - 1 - lengthBytes;
    if (padding > 0 && varintBytes(padding) === lengthBytes) return padding;
  }
  return null;
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  return value < 0x4000 ? 2 : 3;
}
