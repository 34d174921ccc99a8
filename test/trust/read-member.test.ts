import { beforeAll, describe, expect, it } from 'vitest';

import { createOpeningKey, importVerifyKey } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { readMember } from '#trust/read-member.ts';
import { readResolveResponse, signResolveResponse } from '#trust/resolve-response.ts';

import { draw, type Federation, IDS, LIFE, makeFederation, NOW, verify } from './federation.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await makeFederation();
});

async function read(changed: Record<string, unknown>) {
  const node = { ...federation.node, ...changed };
  const chain = await verify(draw({ ...federation, node }), federation);
  return readMember(chain, NOW, new KeyCache());
}

const attested = (by: string) => ({ message_key_attestations: [by] });

async function key(exp: number) {
  return { ...(await createOpeningKey()).publicJwk, exp };
}

describe('a member', () => {
  it('has the word of its superior about its message keys, whatever it says of them itself', async () => {
    const paper = draw({ ...federation, node: { ...federation.node, ...attested('its own') } });
    const [, about] = paper;
    if (about) about.claims = { ...about.claims, metadata: { srx_node: attested('the superior') } };
    const member = await readMember(await verify(paper, federation), NOW, new KeyCache());
    expect(member.keyAttestations).toEqual(['the superior']);
    expect((await read({})).keyAttestations).toEqual([]);
  });

  it('is run by a state where its superior says so, whatever it says itself', async () => {
    const says = async (own: object, superior: object) => {
      const paper = draw({ ...federation, node: { ...federation.node, ...own } });
      const [, about] = paper;
      if (about) about.claims = { ...about.claims, metadata: { srx_node: superior } };
      return (await readMember(await verify(paper, federation), NOW, new KeyCache())).isStateRun;
    };
    expect(await says({ state_run: false }, { state_run: true })).toBe(true);
    expect(await says({ state_run: true }, { state_run: false })).toBe(false);
    expect(await says({}, {})).toBe(false);
  });

  const longest = limits.encryptionKeyLifeSecondsMax + limits.clockSkewSecondsMax;
  it('is sealed to by the first of its keys that has not ended', async () => {
    const [ended, first, second] = [
      await key(NOW),
      await key(NOW + 5 * LIFE),
      await key(NOW + LIFE),
    ];
    const member = await read({ encryption_keys: [ended, first, second] });
    expect(member.sealingKey.kid).toBe(first.kid);
  });

  it('ends with its statements or with that key, whichever is sooner', async () => {
    expect((await read({})).validUntilSeconds).toBe(NOW - 60 + LIFE);
    const soon = await key(NOW + 100);
    expect((await read({ encryption_keys: [soon] })).validUntilSeconds).toBe(NOW + 100);
  });

  it('is refused with no live encryption key, and with one that lives too long', async () => {
    for (const exp of [NOW, NOW + longest + 1]) {
      const encryption_keys = [await key(exp)];
      await expect(read({ encryption_keys })).rejects.toMatchObject({ reason: 'encryption-key' });
    }
    await read({ encryption_keys: [await key(NOW + longest)] });
  });

  it('is refused with keys of another kind, and with a private part in one', async () => {
    const { encryption, message, keys } = federation;
    const end = { exp: NOW + LIFE };
    for (const changed of [
      { message_keys: [encryption.publicJwk] },
      { message_keys: [{ ...message.publicJwk, d: message.publicJwk.x }] },
      { message_keys: [message.publicJwk, keys.leaf.publicJwk] },
      { message_keys: [{ ...message.publicJwk, kid: keys.stranger.kid }] },
      { encryption_keys: [{ ...message.publicJwk, ...end }] },
    ]) {
      await expect(read(changed)).rejects.toMatchObject({ reason: 'keys' });
    }
  });

  it('is refused with more keys or certificates than the limits, and with none', async () => {
    const { message, node } = federation;
    const [pem] = node['tls_certificates'] as string[];
    for (const changed of [
      { message_keys: Array(limits.messageKeysMax + 1).fill(message.publicJwk) },
      { message_keys: [] },
      { encryption_keys: [] },
      { tls_certificates: Array(limits.tlsCertificatesMax + 1).fill(pem) },
      { tls_certificates: [`${pem}${pem}`] },
      { tls_certificates: [`${pem}-----BEGIN X-----`] },
    ]) {
      await expect(read(changed)).rejects.toMatchObject({ reason: 'metadata' });
    }
  });
});

const claims = { iss: IDS.anchor, sub: IDS.leaf, iat: NOW, exp: NOW + 1, metadata: {} };
const sign = (changed: { iss?: string; sub?: string }, signer = federation.keys.anchor) =>
  signResolveResponse(signer, { ...claims, ...changed, trust_chain: ['a', 'b', 'c'] });

describe('an answer of the resolver', () => {
  it('carries its chain, if the pinned key signed it about this subject', async () => {
    const expected = { subject: IDS.leaf, anchor: federation.anchor };
    expect(await readResolveResponse(await sign({}), expected)).toEqual(['a', 'b', 'c']);
    // While one key of the anchor replaces another, either may sign.
    const two = [
      await importVerifyKey(federation.keys.stranger.publicJwk),
      ...expected.anchor.keys,
    ];
    const anchor = { ...expected.anchor, keys: two };
    expect(await readResolveResponse(await sign({}), { ...expected, anchor })).toHaveLength(3);
    for (const wrong of [
      await sign({ sub: IDS.middle }),
      await sign({ iss: IDS.middle }),
      await sign({}, federation.keys.stranger),
      `${(await sign({})).slice(0, -4)}AAAA`,
      'a.b.c',
    ]) {
      await expect(readResolveResponse(wrong, expected)).rejects.toMatchObject({
        reason: 'resolve-response',
      });
    }
  });
});
