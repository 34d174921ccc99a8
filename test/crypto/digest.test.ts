import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  equalDigests,
  fromBase64url,
  randomBytes,
  sectionDigest,
  sha256,
  toBase64url,
  uuid4,
  uuid7,
} from '#crypto/digest.ts';

const bytes = fc.uint8Array({ maxLength: 8 });
const name = fc.string({ maxLength: 6, unit: 'binary' });
const salt = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('sha256', () => {
  it('gives the published digest of abc (FIPS 180-4 example)', () => {
    const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256('abc')).toBe(Buffer.from(hex, 'hex').toString('base64url'));
    expect(sha256(new TextEncoder().encode('abc'))).toBe(sha256('abc'));
  });
});

describe('sectionDigest', () => {
  const input = { salt: randomBytes(32), referralId: 'r', section: 's', content: Buffer.from('c') };

  it('differs for any two different inputs, also when bytes only move between parts', () => {
    const parts = fc.record({ referralId: name, section: name, content: bytes });
    const text = fc.tuple(fc.string({ maxLength: 9 }), fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9));
    fc.assert(
      fc.property(salt, text, parts, parts, (key, [whole, a, b, c, d], left, right) => {
        const cut = (from: number, to: number) => ({
          referralId: whole.slice(0, Math.min(from, to)),
          section: whole.slice(Math.min(from, to), Math.max(from, to)),
          content: Buffer.from(whole.slice(Math.max(from, to))),
        });
        for (const [one, two] of [
          [cut(a, b), cut(c, d)],
          [left, right],
        ] as const) {
          const same =
            one.referralId === two.referralId &&
            one.section === two.section &&
            Buffer.compare(one.content, two.content) === 0;
          const digests = [one, two].map((part) => sectionDigest({ salt: key, ...part }));
          expect(digests[0] === digests[1]).toBe(same);
        }
      }),
    );
  });

  it('is the HMAC of the length-prefixed parts, byte for byte', async () => {
    const { createHmac } = await import('node:crypto');
    const hex = '0000000e' + Buffer.from('srx-section-v1').toString('hex') + '00000001720000000173';
    const expected = createHmac('sha256', input.salt)
      .update(Buffer.from(`${hex}0000000163`, 'hex'))
      .digest('base64url');
    expect(sectionDigest(input)).toBe(expected);
  });

  it('refuses a salt of another length, because HMAC takes zeros at its end for nothing', () => {
    for (const length of [0, 31, 33, 64]) {
      expect(() => sectionDigest({ ...input, salt: new Uint8Array(length) })).toThrow(/32 bytes/);
    }
  });

  it('refuses a name with half a surrogate pair', () => {
    expect(() => sectionDigest({ ...input, section: '\ud800' })).toThrow(/well-formed/);
    expect(() => sectionDigest({ ...input, referralId: '\udfff' })).toThrow(/well-formed/);
  });
});

describe('base64url', () => {
  it('returns the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (value) => {
        expect(fromBase64url(toBase64url(value))).toEqual(value);
      }),
    );
  });

  it.each(['YQ==', 'YQ=', 'YR', 'Y', '+/+/', 'YW Jj', 'YWJj\n', 'YW.Jj', 'ä'])(
    'refuses %j, which is not canonical',
    (text) => {
      expect(() => fromBase64url(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    },
  );
});

describe('ids and comparison', () => {
  it('makes ids of version 4 and 7 that differ, and version 7 sorts by time', () => {
    const shape = (version: number) =>
      new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);
    expect(uuid4()).toMatch(shape(4));
    expect(uuid7(1_800_000_000_000)).toMatch(shape(7));
    expect(uuid7(1_800_000_000_000)).not.toBe(uuid7(1_800_000_000_000));
    expect(uuid7(1_800_000_000_000) < uuid7(1_800_000_000_001)).toBe(true);
    expect(uuid7(0x0123456789ab).startsWith('01234567-89ab-7')).toBe(true);
  });

  it('finds digests equal only when they are, whatever their length', () => {
    expect(equalDigests('abc', 'abc')).toBe(true);
    expect(equalDigests('abc', 'abd')).toBe(false);
    expect(equalDigests('abc', 'abcd')).toBe(false);
    expect(equalDigests('', '')).toBe(true);
  });
});
