import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Parcel, SectionContent } from '#model/message.ts';
import { codec } from '#wire/codec.ts';
import { schema } from '#wire/schema.ts';

import { codeOf } from './refusals.ts';

const KIB = 1024;
const section = (
  contentBytes: number,
  name: (typeof SECTIONS)[number] = 'risk',
): SectionContent => ({
  section: name,
  salt: new Uint8Array(32).fill(1),
  content: new Uint8Array(contentBytes).fill(2),
});
const parcel = (messageChars: number, ...sections: SectionContent[]): Parcel => ({
  message: 'm'.repeat(messageChars),
  sections,
});
const type = schema.lookupType('srx.exchange.v1.Parcel');
const raw = (fields: object) => Buffer.from(type.encode(fields).finish());

const pad = (fields: object) => {
  const size = limits.parcelSizeClassesBytes.find((c) => c > raw(fields).length + 8) ?? 0;
  for (let padding = size - raw(fields).length - 5; ; padding += 1) {
    const bytes = raw({ ...fields, padding: new Uint8Array(padding) });
    if (bytes.length === size) return bytes;
  }
};

describe('a parcel', () => {
  it('has one of four sizes, whatever it holds, and comes back the same', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 * KIB }),
        fc.uniqueArray(fc.constantFrom(...SECTIONS), { maxLength: 3 }),
        fc.integer({ min: 0, max: 60 * KIB }),
        (chars, names, size) => {
          const made = parcel(chars, ...names.map((name) => section(size, name)));
          const bytes = codec.encodeParcel(made);
          expect(limits.parcelSizeClassesBytes).toContain(bytes.length);
          const back = codec.decodeParcel(bytes);
          expect(back.message === made.message).toBe(true);
          expect(back.sections.map((s) => s.section)).toEqual(names);
          for (const [i, s] of back.sections.entries()) {
            const sent = made.sections[i];
            expect(Buffer.from(s.content).equals(sent?.content ?? Buffer.of())).toBe(true);
            expect(Buffer.from(s.salt).equals(sent?.salt ?? Buffer.of())).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is padded exactly, also where one more byte of padding lengthens its own length', () => {
    for (const room of [0, 1, 2, 3, 4, 129, 130, 131, 132]) {
      const bytes = codec.encodeParcel(parcel(4 * KIB - 3 - room));
      const fits = ![1, 2, 130].includes(room);
      expect([room, bytes.length]).toEqual([room, fits ? 4 * KIB : 16 * KIB]);
      expect(codec.decodeParcel(bytes).message).toHaveLength(4 * KIB - 3 - room);
    }
  });

  it('is TOO_LARGE beyond the largest size', () => {
    const two = parcel(
      10,
      section(limits.sectionBytesMax),
      section(limits.sectionBytesMax, 'needs'),
    );
    expect(codeOf(() => codec.encodeParcel(two))).toBe('TOO_LARGE');
    expect(codeOf(() => codec.decodeParcel(Buffer.alloc(256 * KIB + 1)))).toBe('TOO_LARGE');
  });

  it('is refused before sending when a section is too long, twice there or has no full salt', () => {
    const long = parcel(10, section(limits.sectionBytesMax + 1));
    const twice = parcel(10, section(1), section(1));
    const unsalted = parcel(10, { ...section(1), salt: new Uint8Array(31) });
    for (const wrong of [long, twice, unsalted]) {
      expect(codeOf(() => codec.encodeParcel(wrong))).toBe('SCHEMA_VIOLATION');
    }
  });

  it('is refused in any other size', () => {
    expect(codeOf(() => codec.decodeParcel(raw({ message: 'm' })))).toBe('MALFORMED');
    expect(codeOf(() => codec.decodeParcel(Buffer.of()))).toBe('MALFORMED');
    const whole = codec.encodeParcel(parcel(10));
    expect(codeOf(() => codec.decodeParcel(whole.subarray(0, -1)))).toBe('MALFORMED');
  });

  it('is refused with bytes in its padding, an unknown field, or what cannot be decoded', () => {
    const whole = Buffer.from(codec.encodeParcel(parcel(10)));
    whole[whole.length - 1] = 1;
    expect(codeOf(() => codec.decodeParcel(whole))).toBe('SCHEMA_VIOLATION');

    const room = 4 * KIB - raw({ message: 'm' }).length - 3;
    const unknown = Buffer.concat([
      raw({ message: 'm', padding: new Uint8Array(room - 2) }),
      Buffer.of(0x20, 1),
    ]);
    expect(unknown).toHaveLength(4 * KIB);
    expect(codeOf(() => codec.decodeParcel(unknown))).toBe('SCHEMA_VIOLATION');
    expect(codeOf(() => codec.decodeParcel(Buffer.alloc(4 * KIB, 0xff)))).toBe('MALFORMED');
  });

  it('is refused with a section unknown, without salt or too long', () => {
    const salt = new Uint8Array(32).fill(1);
    const good = { section: 1, salt, content: new Uint8Array(4) };
    expect(codec.decodeParcel(pad({ message: 'm', sections: [good] })).sections).toHaveLength(1);
    for (const wrong of [
      { ...good, section: 99 },
      { ...good, section: 0 },
      { ...good, salt: salt.subarray(1) },
      { ...good, content: new Uint8Array(limits.sectionBytesMax + 1) },
    ]) {
      const bytes = pad({ message: 'm', sections: [wrong] });
      expect(codeOf(() => codec.decodeParcel(bytes))).toBe('SCHEMA_VIOLATION');
    }
    const twice = pad({ message: 'm', sections: [good, good] });
    expect(codeOf(() => codec.decodeParcel(twice))).toBe('SCHEMA_VIOLATION');
  });
});
