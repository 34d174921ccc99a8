import { createSecretKey } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { type DataKey, decryptAtRest, encryptAtRest } from '#crypto/at-rest.ts';
import { fromBase64url, randomBytes, toBase64url } from '#crypto/digest.ts';
import { createToken, tokenDigest } from '#crypto/token.ts';

const makeKey = (): DataKey => ({ id: 'case-1', secret: createSecretKey(randomBytes(32)) });
const refusal = (code: string) => expect.objectContaining({ name: 'Refusal', code });

describe('encryption at rest', () => {
  const key = makeKey();

  it('returns what was encrypted, each time in another text of 28 bytes more', () => {
    for (const length of [0, 1, 5000]) {
      const content = randomBytes(length);
      const text = encryptAtRest(key, 'section', content);
      expect(decryptAtRest(key, 'section', text)).toEqual(content);
      expect(encryptAtRest(key, 'section', content)).not.toBe(text);
      expect(fromBase64url(text)).toHaveLength(length + 28);
    }
  });

  it('does not open in another context, with another key, cut short or changed', () => {
    const text = encryptAtRest(key, 'section health', randomBytes(50));
    expect(() => decryptAtRest(key, 'section legal', text)).toThrow(refusal('KEY_UNAVAILABLE'));
    expect(() => decryptAtRest(makeKey(), 'section health', text)).toThrow(
      refusal('KEY_UNAVAILABLE'),
    );
    const bytes = fromBase64url(text);
    for (const index of [0, 12, bytes.length - 1]) {
      const changed = bytes.with(index, (bytes[index] ?? 0) ^ 1);
      expect(() => decryptAtRest(key, 'section health', toBase64url(changed))).toThrow(
        refusal('KEY_UNAVAILABLE'),
      );
    }
    for (const cut of [
      '',
      toBase64url(bytes.subarray(0, 27)),
      toBase64url(bytes.subarray(0, -1)),
    ]) {
      expect(() => decryptAtRest(key, 'section health', cut)).toThrow(refusal('KEY_UNAVAILABLE'));
    }
    expect(() => decryptAtRest(key, 'section health', `${text}=`)).toThrow(refusal('MALFORMED'));
  });

  it('does not show its key in JSON', () => {
    expect(JSON.stringify(key)).toBe('{"id":"case-1","secret":{}}');
  });
});

describe('a staff token', () => {
  it('has 256 bits, differs each time, and is not in its digest', () => {
    const token = createToken();
    expect(token).toMatch(/^srx_[A-Za-z0-9_-]{43}$/);
    expect(createToken()).not.toBe(token);
    expect(tokenDigest(token)).toHaveLength(43);
    expect(tokenDigest(token)).not.toBe(tokenDigest(`${token} `));
  });
});
