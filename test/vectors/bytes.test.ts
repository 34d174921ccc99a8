import { describe, expect, it } from 'vitest';

import { fromBase64url, sectionDigest, sha256 } from '#crypto/digest.ts';
import { importSealingKey, importVerifyKey } from '#crypto/keys.ts';
import { type Message, Receipt } from '#model/message.ts';
import { codec } from '#wire/codec.ts';
import type { CanonicalVector } from './families/canonical.ts';
import type { DigestsInput, DigestsVector } from './families/digests.ts';
import { readFamily } from './families.ts';
import { codeUnder } from './outcome.ts';

const digests = await readFamily<DigestsVector>('digests');
const canonical = await readFamily<CanonicalVector>('canonical');

describe('digests.json', () => {
  it.each(digests.vectors)('$check $name', async (vector) => {
    const found = await codeUnder(vector, () => compute(vector.input));
    expect(found).toMatchObject(vector.expect);
    expect('value' in found).toBe(vector.valid);
  });
});

async function compute(input: DigestsInput): Promise<string> {
  switch (input.compute) {
    case 'base64url':
      return Buffer.from(fromBase64url(input.text)).toString('hex');
    case 'sha-256':
      return sha256(input.text);
    case 'section-digest': {
      const { salt, content, ...names } = input;
      return sectionDigest({
        ...names,
        salt: fromBase64url(salt),
        content: fromBase64url(content),
      });
    }
    case 'public-key': {
      const read = input.curve === 'Ed25519' ? importVerifyKey : importSealingKey;
      return (await read(input.jwk)).kid;
    }
    default:
      throw new Error('the vector asks for what nobody computes');
  }
}

describe('canonical.json', () => {
  it.each(canonical.vectors)('$check $name', async (vector) => {
    const { type, hex } = vector.input;
    const bytes = Buffer.from(hex, 'hex');
    const found = await codeUnder(vector, () =>
      type === 'Message' ? codec.decodeMessage(bytes) : codec.decodeReceipt(bytes),
    );
    const { expect: expected } = vector;
    if ('error' in expected) expect(found).toMatchObject(expected);
    else if ('receipt' in expected) expect(found).toEqual({ value: expected.receipt });
    else if ('refused' in expected) {
      const { envelope, refused: fault } = expected;
      expect(found).toEqual({ value: { envelope, content: null, fault } });
    } else expect(found).toEqual({ value: { ...expected, fault: null } });
    expect('content' in expected || 'receipt' in expected).toBe(vector.valid);
  });

  it('has the very bytes that an encoder makes of every valid vector', () => {
    const encoded = canonical.vectors.flatMap(({ input, expect: expected }) => {
      if ('content' in expected) {
        const message = { ...expected.envelope, ...expected.content } as Message;
        return [[input.hex, codec.encodeMessage(message)] as const];
      }
      if (!('receipt' in expected)) return [];
      return [[input.hex, codec.encodeReceipt(Receipt.parse(expected.receipt))] as const];
    });
    expect(encoded.length).toBeGreaterThan(34);
    for (const [hex, bytes] of encoded) expect(Buffer.from(bytes).toString('hex')).toBe(hex);
  });
});
