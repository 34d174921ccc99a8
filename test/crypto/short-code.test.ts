import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { fromBase32, plainBase32, toBase32 } from '#crypto/base32.ts';
import {
  createShortCode,
  openUnderCode,
  readShortCode,
  sealUnderCode,
} from '#crypto/short-code.ts';

const CONTEXT = 'test.v1';
const secret = new TextEncoder().encode('a secret');

describe('base 32', () => {
  it('gives back every byte, however its text was typed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = toBase32(bytes);
        const typed = text.toLowerCase().replace(/(.{5})/g, '$1 - ');
        expect(text).toMatch(/^[0-9A-HJKMNP-TV-Z]*$/);
        for (const one of [text, typed, text.replace(/0/g, 'o').replace(/1/g, 'l')]) {
          expect(fromBase32(one)).toEqual(bytes);
        }
      }),
    );
  });

  it('has one text for a value: spare bits, a lone digit and a foreign letter are refused', () => {
    expect(toBase32(new Uint8Array([255]))).toBe('ZW');
    for (const text of ['ZX', 'Z', '000', 'ZW!', 'U0', 'ß0']) {
      expect(() => fromBase32(text), text).toThrow(/read it again/);
    }
  });
});

describe('a short code', () => {
  it('has 60 bits that differ every time, and is read as people write it', () => {
    const codes = Array.from({ length: 200 }, createShortCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (let place = 0; place < 12; place += 1) {
      const digits = codes.map((code) => code.replaceAll('-', '')[place]);
      expect(new Set(digits).size, `place ${place}`).toBeGreaterThan(20);
    }
    expect(readShortCode(' 7k2m 9qdx-4tvo')).toBe('7K2M-9QDX-4TV0');
    for (const wrong of [
      '',
      '7K2M-9QDX-4TV',
      '7K2M-9QDX-4TVBB',
      '7K2M-9QDX-4TV!',
      '7'.repeat(99),
    ]) {
      expect(() => readShortCode(wrong), wrong).toThrow();
    }
  });

  it('opens what was sealed under it, typed in small letters too', async () => {
    const code = createShortCode();
    const sealed = await sealUnderCode(code, CONTEXT, secret);
    const typed = code.toLowerCase().replaceAll('-', '');
    expect(await openUnderCode(typed, CONTEXT, sealed)).toEqual(secret);
  });

  it('opens nothing else: another code, another purpose, a changed or a cut text', async () => {
    const code = createShortCode();
    const sealed = await sealUnderCode(code, CONTEXT, secret);
    const other = plainBase32(code).replace(/.$/, (last) => (last === '7' ? '8' : '7'));
    const tries: [string, string, Uint8Array][] = [
      [other, CONTEXT, sealed],
      [code, 'other.v1', sealed],
      ...[0, 20, sealed.length - 1].map((at): [string, string, Uint8Array] => {
        return [code, CONTEXT, sealed.with(at, (sealed[at] ?? 0) ^ 1)];
      }),
      [code, CONTEXT, sealed.subarray(0, 10)],
    ];
    for (const [tried, context, bytes] of tries) {
      await expect(openUnderCode(tried, context, bytes)).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      });
    }
  });

  it('seals the same twice without a byte in common that says so', async () => {
    const code = createShortCode();
    const [one, two] = [
      await sealUnderCode(code, CONTEXT, secret),
      await sealUnderCode(code, CONTEXT, secret),
    ];
    const equal = one.filter((byte, at) => byte === two[at]).length;
    expect(one).toHaveLength(16 + 12 + secret.length + 16);
    expect(equal).toBeLessThan(10);
    expect(Buffer.from(one).includes('secret')).toBe(false);
  });
});
