import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { toBase64url } from '#crypto/digest.ts';
import { signJws } from '#crypto/jws.ts';
import { limits } from '#model/limits.ts';
import { KeyCache } from '#trust/key-cache.ts';
import type { TrustReason } from '#trust/trust-failure.ts';
import { verifyChain } from '#trust/verify-chain.ts';

import {
  type Claims,
  draw,
  type Federation,
  IDS,
  LIFE,
  makeFederation,
  NOW,
  type Paper,
  type Signed,
  sign,
  verify,
} from './federation.ts';

let federation: Federation;
beforeAll(async () => {
  federation = await makeFederation();
});

/** One break of a good chain, and the reason with which it must be refused. */
type Break = { name: string; reason: TrustReason; make: (paper: Paper) => Paper };

const leaf = 0;
const statement = 1;
const anchor = -1;
type Place = typeof leaf | typeof statement | typeof anchor;

function change(paper: Paper, place: Place, make: (signed: Signed) => Signed): Paper {
  const index = place < 0 ? paper.length + place : place;
  return paper.map((signed, i) => (i === index ? make(signed) : signed));
}
const claims =
  (place: Place, changed: Claims | ((paper: Paper) => Claims)) =>
  (paper: Paper): Paper =>
    change(paper, place, (signed) => ({
      ...signed,
      claims: {
        ...signed.claims,
        ...(typeof changed === 'function' ? changed(paper) : changed),
      },
    }));
const without = (place: Place, name: string) => (paper: Paper) =>
  change(paper, place, ({ claims: { [name]: _gone, ...rest }, ...signed }) => ({
    ...signed,
    claims: rest,
  }));
const signedBy = (place: Place, signer: 'stranger' | 'leaf' | 'anchor') => (paper: Paper) =>
  change(paper, place, (signed) => ({ ...signed, signer: federation.keys[signer] }));
const strangersJwks = () => ({ jwks: { keys: [federation.keys.stranger.publicJwk] } });
const node = (changed: Claims) => () => ({
  metadata: { srx_node: { ...federation.node, ...changed } },
});
const policy = (operators: Claims, parameter = 'roles') =>
  claims(statement, { metadata_policy: { srx_node: { [parameter]: operators } } });
const everywhere = [leaf, statement, anchor] as const;
const placeName = (place: Place) => ['configuration', 'statement'][place] ?? 'anchor';

const BREAKS: Break[] = [
  ...everywhere.flatMap((place): Break[] => [
    {
      name: `typ of another JWT (${placeName(place)})`,
      reason: 'header',
      make: (paper) => change(paper, place, (signed) => ({ ...signed, typ: 'JWT' })),
    },
    { name: `expired (${placeName(place)})`, reason: 'expired', make: claims(place, { exp: NOW }) },
    {
      name: `from the future (${placeName(place)})`,
      reason: 'not-yet-valid',
      make: claims(place, { iat: NOW + limits.clockSkewSecondsMax + 1, exp: NOW + 3600 }),
    },
    {
      name: `too long a life (${placeName(place)})`,
      reason: 'life',
      make: claims(place, { iat: NOW, exp: NOW + LIFE + 1 }),
    },
    ...['iss', 'sub', 'iat', 'exp'].map(
      (name): Break => ({
        name: `without ${name} (${placeName(place)})`,
        reason: name === 'iss' || name === 'sub' ? (place === 1 ? 'claims' : 'kind') : 'claims',
        make: without(place, name),
      }),
    ),
    { name: `without jwks (${placeName(place)})`, reason: 'keys', make: without(place, 'jwks') },
    ...['trust_marks', 'source_endpoint', 'nbf', 'policy_uri', 'toString'].map(
      (name): Break => ({
        name: `unknown claim ${name} (${placeName(place)})`,
        reason: 'claim-not-implemented',
        make: claims(place, { [name]: [] }),
      }),
    ),
    ...[[], ['safeguard'], ['sub'], ['trust_marks'], 'safeguard', [7], null].map(
      (crit): Break => ({
        name: `crit ${JSON.stringify(crit)} (${placeName(place)})`,
        reason: 'crit',
        make: claims(place, { crit }),
      }),
    ),
    {
      name: `signed by a stranger (${placeName(place)})`,
      reason: place === anchor ? 'anchor-key' : 'key-not-named',
      make: signedBy(place, 'stranger'),
    },
    {
      name: `a kid twice (${placeName(place)})`,
      reason: 'keys',
      make: claims(place, () => {
        const { publicJwk } = federation.keys[place === anchor ? 'anchor' : 'leaf'];
        return { jwks: { keys: [publicJwk, publicJwk] } };
      }),
    },
    {
      name: `a key without kid (${placeName(place)})`,
      reason: 'keys',
      make: claims(place, () => {
        const { kid: _gone, ...jwk } = federation.keys.leaf.publicJwk;
        return { jwks: { keys: [jwk] } };
      }),
    },
    {
      name: `a key of another kind beside (${placeName(place)})`,
      reason: 'keys',
      make: claims(place, () => ({
        jwks: {
          keys: [
            federation.keys[place === anchor ? 'anchor' : 'leaf'].publicJwk,
            federation.encryption.publicJwk,
          ],
        },
      })),
    },
    {
      name: `null in metadata (${placeName(place)})`,
      reason: 'claims',
      make: claims(place, { metadata: { srx_node: { roles: null } } }),
    },
  ]),
  // Keys: only from the superior
  {
    name: 'a leaf that names and uses a key of its own',
    reason: 'key-not-named',
    make: (paper) => signedBy(leaf, 'stranger')(claims(leaf, strangersJwks)(paper)),
  },
  {
    name: 'a leaf that signs with the named key but does not name it itself',
    reason: 'key-not-named',
    make: claims(leaf, strangersJwks),
  },
  {
    name: 'a superior that names another key',
    reason: 'key-not-named',
    make: claims(statement, strangersJwks),
  },
  {
    name: 'a statement that the leaf signed itself',
    reason: 'key-not-named',
    make: signedBy(statement, 'leaf'),
  },
  {
    name: 'an anchor of the right name with a key of its own',
    reason: 'anchor-key',
    make: (paper) => signedBy(anchor, 'stranger')(claims(anchor, strangersJwks)(paper)),
  },
  {
    name: 'an anchor that does not name its pinned key',
    reason: 'anchor-key',
    make: claims(anchor, strangersJwks),
  },
  {
    name: 'a statement under a second key of the anchor that is not pinned',
    reason: 'anchor-key',
    make: (paper) =>
      signedBy(
        statement,
        'stranger',
      )(
        claims(anchor, () => ({
          jwks: { keys: [federation.keys.anchor.publicJwk, federation.keys.stranger.publicJwk] },
        }))(paper),
      ),
  },
  // Names and order
  {
    name: 'another subject',
    reason: 'subject',
    make: claims(leaf, { iss: 'https://other.example', sub: 'https://other.example' }),
  },
  {
    name: 'a statement about another',
    reason: 'link',
    make: claims(statement, { sub: 'https://other.example' }),
  },
  {
    name: 'a statement by another',
    reason: 'link',
    make: claims(statement, { iss: 'https://other.example' }),
  },
  {
    name: 'another anchor',
    reason: 'anchor',
    make: claims(anchor, { iss: 'https://other.example', sub: 'https://other.example' }),
  },
  {
    name: 'an anchor with a superior',
    reason: 'anchor',
    make: claims(anchor, { authority_hints: ['https://other.example'] }),
  },
  {
    name: 'a statement in place of the configuration',
    reason: 'kind',
    make: (paper) => [...paper.slice(1, 2), ...paper.slice(1)],
  },
  {
    name: 'a configuration in place of the statement',
    reason: 'kind',
    make: (paper) => [...paper.slice(0, 1), ...paper.slice(0, 1), ...paper.slice(2)],
  },
  { name: 'no statement', reason: 'chain-length', make: (paper) => paper.slice(0, 1) },
  {
    name: 'too many statements',
    reason: 'chain-length',
    make: ([first, ...rest]) => [
      ...(first ? [first] : []),
      ...Array.from({ length: limits.chainDepthMax }, () => rest).flat(),
    ],
  },
  {
    name: 'no authority_hints',
    reason: 'authority-hints',
    make: without(leaf, 'authority_hints'),
  },
  { name: 'empty authority_hints', reason: 'claims', make: claims(leaf, { authority_hints: [] }) },
  {
    name: 'authority_hints that name another',
    reason: 'authority-hints',
    make: claims(leaf, { authority_hints: ['https://other.example'] }),
  },
  {
    name: 'an entity id with a query',
    reason: 'claims',
    make: claims(leaf, { authority_hints: [`${IDS.anchor}?a=b`] }),
  },
  // Claims of the other kind
  {
    name: 'authority_hints in a statement',
    reason: 'claim-misplaced',
    make: claims(statement, { authority_hints: [IDS.anchor] }),
  },
  ...['constraints', 'metadata_policy', 'metadata_policy_crit'].map(
    (name): Break => ({
      name: `${name} in a configuration`,
      reason: 'claim-misplaced',
      make: claims(leaf, { [name]: {} }),
    }),
  ),
  // Constraints
  {
    name: 'a constraint that is not known',
    reason: 'constraint-not-implemented',
    make: claims(statement, { constraints: { countries: ['NL'] } }),
  },
  {
    name: 'a negative path length',
    reason: 'claims',
    make: claims(statement, { constraints: { max_path_length: -1 } }),
  },
  {
    name: 'federation_entity among the allowed types',
    reason: 'claims',
    make: claims(statement, { constraints: { allowed_entity_types: ['federation_entity'] } }),
  },
  ...[
    { permitted: ['other.example'] },
    { permitted: [] },
    { permitted: ['.harbour-house.example'] },
    { excluded: ['harbour-house.example'] },
    { excluded: ['.example'] },
    { permitted: ['harbour-house.example'], excluded: ['.example'] },
  ].map(
    (naming_constraints): Break => ({
      name: `a name outside ${JSON.stringify(naming_constraints)}`,
      reason: 'naming-constraints',
      make: claims(statement, { constraints: { naming_constraints } }),
    }),
  ),
  // Policy
  {
    name: 'an unknown operator',
    reason: 'operator-not-implemented',
    make: policy({ regexp: '.*' }),
  },
  {
    name: 'a policy of scope',
    reason: 'operator-not-implemented',
    make: policy({ default: 'a' }, 'scope'),
  },
  ...[[], ['regexp'], ['subset_of']].map(
    (critical): Break => ({
      name: `metadata_policy_crit ${JSON.stringify(critical)}`,
      reason: 'policy-crit',
      make: claims(statement, { metadata_policy_crit: critical }),
    }),
  ),
  { name: 'an empty policy', reason: 'policy', make: claims(statement, { metadata_policy: {} }) },
  { name: 'a policy without operators', reason: 'policy', make: policy({}) },
  { name: 'one_of', reason: 'policy-violated', make: policy({ one_of: ['NL'] }, 'address') },
  { name: 'superset_of', reason: 'policy-violated', make: policy({ superset_of: ['receiving'] }) },
  { name: 'essential', reason: 'policy-violated', make: policy({ essential: true }, 'logo_uri') },
];

describe('a chain from a member to the pinned anchor', () => {
  it('is taken, with and without an intermediate, and ends with its first statement', async () => {
    for (const withIntermediate of [false, true]) {
      const paper = claims(statement, { exp: NOW + 100 })(draw(federation, withIntermediate));
      expect(await verify(paper, federation)).toEqual({
        subject: IDS.leaf,
        metadata: { srx_node: federation.node },
        federationKids: [federation.keys.leaf.kid],
        validUntilSeconds: NOW + 100,
      });
    }
  });

  it.each(BREAKS)('is refused if it is broken by: $name', async ({ reason, make }) => {
    await expect(verify(make(draw(federation)), federation)).rejects.toMatchObject({
      code: 'TRUST_FAILED',
      reason,
    });
  });

  it('is refused for its one break whatever valid things stand beside it', async () => {
    const anyPolicy = fc.constantFrom<Claims>(
      {},
      { metadata_policy: { srx_node: { roles: { subset_of: ['referring', 'receiving'] } } } },
      { metadata_policy: { srx_node: { countries: { superset_of: ['NL'], essential: true } } } },
      { constraints: { max_path_length: 0, allowed_entity_types: ['srx_node'] } },
      { constraints: { naming_constraints: { permitted: ['harbour-house.example'] } } },
      { metadata: { srx_node: { organization_name: 'Harbour House North' } } },
    );
    const beside = fc.record({
      extra: anyPolicy,
      leafMetadata: fc.constantFrom({}, { federation_entity: {} }),
      iat: fc.integer({ min: NOW - 1000, max: NOW + limits.clockSkewSecondsMax }),
      life: fc.integer({ min: 2000, max: LIFE }),
      broken: fc.option(fc.constantFrom(...BREAKS)),
    });
    await fc.assert(
      fc.asyncProperty(beside, async ({ extra, leafMetadata, iat, life, broken }) => {
        const timed = draw(federation).map((signed) => ({
          ...signed,
          claims: { ...signed.claims, iat, exp: iat + life },
        }));
        const good = claims(leaf, { metadata: { ...leafMetadata, srx_node: federation.node } })(
          claims(statement, extra)(timed),
        );
        const answer = verify(broken ? broken.make(good) : good, federation);
        if (broken) await expect(answer).rejects.toMatchObject({ reason: broken.reason });
        else expect((await answer).validUntilSeconds).toBe(iat + life);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused by its reason for a changed byte of any signature', async () => {
    for (const place of [0, 1, 2]) {
      const jwss = await sign(draw(federation));
      const other = await sign(claims(leaf, { iat: NOW - 61 })(draw(federation)));
      const foreign = other[0]?.split('.')[2] ?? '';
      const changed = jwss.map((jws, index) =>
        index === place ? [...jws.split('.').slice(0, 2), foreign].join('.') : jws,
      );
      const expected = { subject: IDS.leaf, anchor: federation.anchor, nowSeconds: NOW };
      await expect(verifyChain(changed, expected, new KeyCache())).rejects.toMatchObject({
        reason: 'signature',
      });
    }
  });

  it('is refused with ALG_NOT_ALLOWED for every algorithm but Ed25519, and none', async () => {
    const [, ...rest] = await sign(draw(federation));
    for (const alg of ['none', 'EdDSA', 'HS256', 'RS256', 'ES256', undefined]) {
      const header = { alg, kid: federation.keys.leaf.kid, typ: 'entity-statement+jwt' };
      const [own] = draw(federation);
      const forged = [header, own?.claims].map((part) =>
        toBase64url(Buffer.from(JSON.stringify(part))),
      );
      const expected = { subject: IDS.leaf, anchor: federation.anchor, nowSeconds: NOW };
      const chain = [`${forged.join('.')}.${'A'.repeat(86)}`, ...rest];
      await expect(verifyChain(chain, expected, new KeyCache())).rejects.toMatchObject({
        code: 'ALG_NOT_ALLOWED',
      });
    }
  });

  it('is refused before it is read if a statement is too large', async () => {
    const big = claims(
      leaf,
      node({ note: 'x'.repeat(limits.statementBytesMax) }),
    )(draw(federation));
    await expect(verify(big, federation)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('is refused if a claim is written twice', async () => {
    const [first, ...rest] = draw(federation);
    const text = JSON.stringify(first?.claims).replace('"iss"', '"iss":"https://x.example","iss"');
    const { leaf: key } = federation.keys;
    const jws = await signJws(key, 'entity-statement+jwt', Buffer.from(text));
    const expected = { subject: IDS.leaf, anchor: federation.anchor, nowSeconds: NOW };
    await expect(
      verifyChain([jws, ...(await sign(rest))], expected, new KeyCache()),
    ).rejects.toMatchObject({ reason: 'header' });
  });

  it('is taken up to the leeway before iat and refused from the second of exp on', async () => {
    const skew = limits.clockSkewSecondsMax;
    const paper = draw(federation);
    await verify(paper, federation, NOW - 60 - skew);
    await expect(verify(paper, federation, NOW - 61 - skew)).rejects.toMatchObject({
      reason: 'not-yet-valid',
    });
    await verify(paper, federation, NOW - 61 + LIFE);
    await expect(verify(paper, federation, NOW - 60 + LIFE)).rejects.toMatchObject({
      reason: 'expired',
    });
  });

  it('names the unknown claim, and not if its name is a sentence', async () => {
    for (const [name, shown] of [
      ['safeguarding_audit', 'safeguarding_audit'],
      ['Anna was here', '(unreadable name)'],
    ] as const) {
      const paper = claims(leaf, { [name]: 1 })(draw(federation));
      await expect(verify(paper, federation)).rejects.toThrow(shown);
    }
  });

  it('is taken under either of two pinned keys', async () => {
    const other = (await makeFederation()).anchor;
    const keys = [...other.keys, ...federation.anchor.keys];
    const both = { ...federation, anchor: { ...federation.anchor, keys } };
    expect((await verify(draw(federation), both)).subject).toBe(IDS.leaf);
    await expect(verify(draw(federation), { ...federation, anchor: other })).rejects.toMatchObject({
      reason: 'anchor-key',
    });
  });
});

const withTop = (changed: Claims) => claims(2 as Place, changed)(draw(federation, true));
const nameIs = (value: string) => ({
  metadata_policy: { srx_node: { organization_name: { value } } },
});
const rolesWithin = (...roles: string[]) => ({
  metadata_policy: { srx_node: { roles: { subset_of: roles } } },
});

describe('a chain with an intermediate', () => {
  it('is refused beyond the max_path_length of the anchor, and taken within', async () => {
    await verify(withTop({ constraints: { max_path_length: 1 } }), federation);
    await expect(
      verify(withTop({ constraints: { max_path_length: 0 } }), federation),
    ).rejects.toMatchObject({ reason: 'max-path-length' });
    await verify(
      claims(statement, { constraints: { max_path_length: 0 } })(draw(federation, true)),
      federation,
    );
  });

  it('is refused if any entity below the constraint has another name', async () => {
    const names = [IDS.middle, IDS.leaf].map((id) => new URL(id).hostname);
    const only = (...permitted: string[]) =>
      verify(withTop({ constraints: { naming_constraints: { permitted } } }), federation);
    await expect(only(...names)).resolves.toMatchObject({ subject: IDS.leaf });
    for (const name of names) {
      await expect(only(name), name).rejects.toMatchObject({ reason: 'naming-constraints' });
    }
  });

  it('is refused if it comes by an entity twice', async () => {
    const [first, about, top, last] = draw(federation, true);
    if (!first || !about || !top || !last) throw new Error('four statements');
    const back = { ...about, claims: { ...about.claims, iss: IDS.middle, sub: IDS.anchor } };
    await expect(verify([first, about, top, back, top, last], federation)).rejects.toMatchObject({
      reason: 'loop',
    });
  });

  it('is refused if the intermediate signs with a key that the anchor did not name', async () => {
    await expect(
      verify(signedBy(statement, 'stranger')(draw(federation, true)), federation),
    ).rejects.toMatchObject({ reason: 'key-not-named' });
  });

  it('merges both policies, the anchor’s first, and refuses those that disagree', async () => {
    const twice = claims(statement, nameIs('One'))(withTop(nameIs('Two')));
    await expect(verify(twice, federation)).rejects.toMatchObject({ reason: 'policy' });
    const paper = claims(
      leaf,
      node({ roles: ['referring', 'receiving'] }),
    )(
      claims(
        statement,
        rolesWithin('referring', 'receiving'),
      )(withTop(rolesWithin('receiving', 'other'))),
    );
    expect((await verify(paper, federation)).metadata['srx_node']?.['roles']).toEqual([
      'receiving',
    ]);
  });
});

const given = (metadata: Claims, more: Claims = {}) =>
  claims(statement, { metadata, ...more })(draw(federation));

describe('metadata of the superior', () => {
  it('overrides the member’s own, before policy', async () => {
    const paper = given(
      { srx_node: { organization_name: 'As the registry knows it' } },
      {
        metadata_policy: {
          srx_node: { organization_name: { one_of: ['As the registry knows it'] } },
        },
      },
    );
    const { metadata } = await verify(paper, federation);
    expect(metadata['srx_node']?.['organization_name']).toBe('As the registry knows it');
  });

  it('counts only for the types that the member has itself', async () => {
    const { metadata } = await verify(given({ openid_provider: { issuer: 'x' } }), federation);
    expect(Object.keys(metadata)).toEqual(['srx_node']);
  });

  it('loses every type that is not allowed, but federation_entity', async () => {
    const paper = claims(leaf, {
      metadata: { srx_node: federation.node, federation_entity: {}, openid_provider: {} },
    })(given({}, { constraints: { allowed_entity_types: [] } }));
    expect(Object.keys((await verify(paper, federation)).metadata)).toEqual(['federation_entity']);
  });
});
