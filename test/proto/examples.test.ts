import { describe, expect, it } from 'vitest';

import { sectionDigest, sha256, toBase64url } from '#crypto/digest.ts';
import { readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { MESSAGE_TYP } from '#exchange/context.ts';
import { limits } from '#model/limits.ts';
import type { ChainsVector } from '#test/vectors/families/chains.ts';
import { readFamily } from '#test/vectors/families.ts';
import { parties } from '#test/vectors/parties.ts';
import { codec } from '#wire/codec.ts';
import { exampleOf, readDocument } from './markdown.ts';

const readme = await readDocument('README');
const fields = JSON.parse(exampleOf(readme, 'fields')) as {
  referralId: string;
  sections: { section: string; digest: string }[];
};
const jws = exampleOf(readme, 'jws').replaceAll(/\s/g, '');

/** Bytes in hex, without what is said beside them after two spaces. */
function hexOf(example: string): string {
  const lines = example.split('\n').map((line) => line.trim().split(/ {2,}/)[0] ?? '');
  return lines.join('').replaceAll(' ', '');
}

describe('the example in the README', () => {
  it('is one message: its fields, payload, signed text and digest belong together', async () => {
    const payload = Buffer.from(hexOf(exampleOf(readme, 'payload')), 'hex');
    const { envelope, content } = codec.decodeMessage(payload);
    expect({ ...envelope, ...content }).toEqual(fields);
    expect(Buffer.from(readUnverifiedPayload(jws)).equals(payload)).toBe(true);
    const [key] = (await parties()).homeward.member.messageKeys.values();
    if (!key) throw new Error('homeward has a message key');
    const verified = await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);
    expect(Buffer.from(verified).equals(payload)).toBe(true);
    expect(sha256(jws)).toBe(exampleOf(readme, 'digest').trim());
  });

  it('binds its section by the digest that is worked out there', () => {
    const lines = exampleOf(readme, 'section').trim().split('\n');
    const values = new Map(
      lines
        .map((line) => line.split(/ {2,}| (?=[0-9a-f])/, 3).map((part) => part.trim()))
        .map((parts) => [parts[0] ?? '', parts] as const),
    );
    const parts = lines
      .map((line) => /^([0-9a-f]{8}) ([0-9a-f]+) +/.exec(line))
      .filter((match) => match !== null)
      .map(([, length = '', hex = '']) => {
        const bytes = Buffer.from(hex, 'hex');
        expect(Number.parseInt(length, 16)).toBe(bytes.length);
        return bytes;
      });
    const [label, referralId, section, content] = parts;
    if (!label || !referralId || !section || !content) throw new Error('there are four parts');
    expect(label.toString()).toBe('srx-section-v1');
    expect(referralId.toString()).toBe(fields.referralId);
    const salt = Buffer.from(values.get('salt')?.[1] ?? '', 'hex');
    const digest = sectionDigest({
      salt,
      referralId: referralId.toString(),
      section: section.toString(),
      content,
    });
    expect(fields.sections).toEqual([{ section: section.toString(), digest }]);
    const said = Buffer.from(values.get('digest')?.[1] ?? '', 'hex');
    expect(toBase64url(said)).toBe(digest);
  });
});

describe('the example of a state', () => {
  it('is hashed as it stands, and is that of a vector', async () => {
    const fold = await readDocument('fold');
    const state = exampleOf(fold, 'state').replaceAll('\n', '');
    const digest = exampleOf(fold, 'state-digest').trim();
    expect(Buffer.from(sha256(state), 'base64url').toString('hex')).toBe(digest);
    const { vectors } = await readFamily<ChainsVector>('chains');
    const vector = vectors.find((one) => one.expect.stateDigest === digest);
    expect(vector?.expect.state).toEqual(JSON.parse(state));
  });
});
