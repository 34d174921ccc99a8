// Chains that fail by form, links, times or signatures: T1 to T6.

import { toBase64url } from '#crypto/digest.ts';
import type { PrivateJwk } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { STATEMENT_TYP } from '#trust/entity-statement.ts';
import { forge, forgeHmac, headerText } from '../forge.ts';
import { keyFrom, publicJwkOf } from '../parties.ts';
import {
  type Claims,
  change,
  claims,
  type Draft,
  ids,
  life,
  type Names,
  now,
  type StatementsVector,
  signedBy,
  type Wrong,
  without,
} from './statement-drafts.ts';

export function lengths(draw: (withMiddle?: boolean) => Draft[], wrong: Wrong): StatementsVector[] {
  const [first, ...rest] = draw();
  if (!first) throw new Error('a chain has a first statement');
  return [
    wrong('T1', 'a configuration alone', 'chain-length', [first]),
    wrong('T1', 'two configurations and nothing between', 'chain-length', [
      first,
      rest.at(-1) as Draft,
    ]),
    wrong('T1', 'six statements between the configurations', 'chain-length', [
      first,
      ...Array.from({ length: 6 }, () => rest[0] as Draft),
      rest.at(-1) as Draft,
    ]),
  ];
}

export function forms(
  good: Draft[],
  keys: Names,
  wrong: Wrong,
  vector: (
    check: string,
    name: string,
    drafts: readonly Draft[],
  ) => Omit<StatementsVector, 'valid' | 'expect'>,
): StatementsVector[] {
  const [first, second] = good as [Draft, Draft];
  const header = (members: Claims) =>
    change(1, (draft) => ({
      ...draft,
      header: { alg: 'Ed25519', kid: draft.signer.kid, typ: STATEMENT_TYP, ...members },
    }))(good);
  const body = toBase64url(Buffer.from(JSON.stringify(second.claims)));
  const game = (name: string, jws: string): StatementsVector => {
    const made = vector('T2', name, good);
    const chain = made.input.chain.map((one, i) => (i === 1 ? jws : one));
    const expect = { error: 'ALG_NOT_ALLOWED', reason: null };
    return { ...made, valid: false, input: { ...made.input, chain }, expect };
  };
  const { kid, x } = keys.registry;
  const hmac = headerText({ alg: 'HS256', kid, typ: STATEMENT_TYP });
  const none = toBase64url(Buffer.from(headerText({ alg: 'none', kid, typ: STATEMENT_TYP })));
  const large = vector('T2', 'a statement over 64 KiB', good);
  const twice = JSON.stringify(second.claims).replace('{', `{"sub":"${ids.middle}",`);
  const doubled = forge(
    headerText({ alg: 'Ed25519', kid, typ: STATEMENT_TYP }),
    toBase64url(Buffer.from(twice)),
    keys.registry,
  );
  const named = vector('T2', 'a statement that names sub twice', good);
  return [
    wrong('T2', 'the typ of another JWT', 'header', header({ typ: 'JWT' })),
    wrong('T2', 'a header with jwk', 'header', header({ jwk: publicJwkOf(keys.registry) })),
    wrong('T2', 'a critical header', 'header', header({ crit: ['exp'] })),
    wrong('T2', 'a header without kid', 'header', header({ kid: undefined })),
    game('alg none', `${none}.${body}.`),
    game(
      'alg HS256 with the registry’s public key for a secret',
      forgeHmac(hmac, body, Buffer.from(x, 'base64url')),
    ),
    game(
      'alg EdDSA',
      forge(headerText({ alg: 'EdDSA', kid, typ: STATEMENT_TYP }), body, keys.registry),
    ),
    {
      ...large,
      valid: false,
      input: {
        ...large.input,
        chain: [
          { repeat: 'A', times: limits.statementBytesMax + 1 },
          ...large.input.chain.slice(1),
        ],
      },
      expect: { error: 'TOO_LARGE', reason: null },
    },
    {
      ...named,
      valid: false,
      input: {
        ...named.input,
        chain: named.input.chain.map((one, i) => (i === 1 ? doubled : one)),
      },
      expect: { error: 'TRUST_FAILED', reason: 'header' },
    },
    ...['iss', 'sub'].map((name) =>
      wrong('T2', `a statement without ${name}`, 'claims', without(1, name)(good)),
    ),
    ...['iat', 'exp'].map((name) =>
      wrong('T2', `a configuration without ${name}`, 'claims', without(0, name)(good)),
    ),
    wrong('T2', 'a statement without jwks', 'keys', without(1, 'jwks')(good)),
    wrong(
      'T2',
      'a kid twice in jwks',
      'keys',
      claims(1, { jwks: { keys: [publicJwkOf(keys.harbour), publicJwkOf(keys.harbour)] } })(good),
    ),
    wrong(
      'T2',
      'no exp and no key in jwks',
      'claims',
      claims(1, { jwks: { keys: [] } })(without(1, 'exp')(good)),
    ),
    wrong(
      'T2',
      'a claim that nobody knows, and a critical one',
      'claim-not-implemented',
      claims(1, { policy_uri: [], crit: ['policy_uri'] })(good),
    ),
    wrong('T2', 'no key in jwks', 'keys', claims(1, { jwks: { keys: [] } })(good)),
    ...['trust_marks', 'source_endpoint', 'nbf', 'policy_uri'].map((name) =>
      wrong('T2', `the claim ${name}`, 'claim-not-implemented', claims(1, { [name]: [] })(good)),
    ),
    wrong(
      'T2',
      'authority_hints in a statement',
      'claim-misplaced',
      claims(1, { authority_hints: [ids.registry] })(good),
    ),
    ...['constraints', 'metadata_policy', 'metadata_policy_crit'].map((name) =>
      wrong('T2', `${name} in a configuration`, 'claim-misplaced', claims(0, { [name]: {} })(good)),
    ),
    wrong(
      'T2',
      'a critical claim that nobody knows',
      'crit',
      claims(1, { crit: ['safeguard'] })(good),
    ),
    wrong('T2', 'a list of critical claims that is empty', 'crit', claims(0, { crit: [] })(good)),
    wrong(
      'T2',
      'null in the metadata',
      'claims',
      claims(0, { metadata: { srx_node: { roles: null } } })(good),
    ),
    wrong('T2', 'a statement in place of the configuration', 'kind', [second, ...good.slice(1)]),
    wrong('T2', 'a configuration in place of the statement', 'kind', [
      first,
      first,
      ...good.slice(2),
    ]),
  ];
}

export function links(good: Draft[], keys: Names, wrong: Wrong): StatementsVector[] {
  const other = 'https://other.example';
  const [first, second, last] = good as [Draft, Draft, Draft];
  const about = (iss: string, sub: string, signer: PrivateJwk): Draft => ({
    ...second,
    claims: { ...second.claims, iss, sub, jwks: { keys: [publicJwkOf(signer)] } },
    signer,
  });
  const loop = [
    about(ids.middle, ids.harbour, keys.middle),
    about(ids.registry, ids.middle, keys.registry),
    about(ids.middle, ids.registry, keys.middle),
    about(ids.registry, ids.middle, keys.registry),
  ];
  return [
    wrong('T3', 'a chain about another', 'subject', claims(0, { iss: other, sub: other })(good)),
    wrong('T3', 'another anchor', 'anchor', claims(-1, { iss: other, sub: other })(good)),
    wrong(
      'T3',
      'an anchor that names a superior',
      'anchor',
      claims(-1, { authority_hints: [other] })(good),
    ),
    wrong('T3', 'a statement about another', 'link', claims(1, { sub: other })(good)),
    wrong('T3', 'a statement by another', 'link', claims(1, { iss: other })(good)),
    wrong('T3', 'a chain that comes by the registry twice', 'loop', [first, ...loop, last]),
    wrong(
      'T5',
      'a configuration without authority_hints',
      'authority-hints',
      without(0, 'authority_hints')(good),
    ),
    wrong(
      'T5',
      'authority_hints that name another',
      'authority-hints',
      claims(0, { authority_hints: [other] })(good),
    ),
    wrong(
      'T2',
      'authority_hints that are empty',
      'claims',
      claims(0, { authority_hints: [] })(good),
    ),
  ];
}

export function clocks(good: Draft[], wrong: Wrong): StatementsVector[] {
  const skew = limits.clockSkewSecondsMax;
  return ['configuration', 'statement', 'anchor’s configuration'].flatMap((name, index) => [
    wrong('T4', `a ${name} that ends now`, 'expired', claims(index, { exp: now })(good)),
    wrong(
      'T4',
      `a ${name} from more than 5 minutes ahead`,
      'not-yet-valid',
      claims(index, { iat: now + skew + 1, exp: now + 3600 })(good),
    ),
    wrong(
      'T4',
      `a ${name} with a life of more than a day`,
      'life',
      claims(index, { iat: now, exp: now + life + 1 })(good),
    ),
  ]);
}

export function signatures(good: Draft[], keys: Names, wrong: Wrong): StatementsVector[] {
  const jwks = (...named: PrivateJwk[]) => ({ jwks: { keys: named.map(publicJwkOf) } });
  const strange = jwks(keys.stranger);
  const bySecond = signedBy(1, keys.stranger)(claims(-1, jwks(keys.registry, keys.stranger))(good));
  const forged = change(1, (draft) => ({
    ...draft,
    signer: keys.stranger,
    header: { alg: 'Ed25519', kid: keys.registry.kid, typ: STATEMENT_TYP },
  }))(good);
  const sealing = {
    keys: [publicJwkOf(keys.harbour), publicJwkOf(keyFrom('harbour encryption', 'X25519'))],
  };
  return [
    wrong(
      'T6',
      'an anchor of the right name with a key of its own',
      'anchor-key',
      signedBy(-1, keys.stranger)(claims(-1, strange)(good)),
    ),
    wrong(
      'T6',
      'an anchor that does not name its pinned key',
      'anchor-key',
      claims(-1, strange)(good),
    ),
    wrong(
      'T6',
      'a statement under a second key of the anchor that is not pinned',
      'anchor-key',
      bySecond,
    ),
    wrong(
      'T6',
      'a statement signed by a stranger',
      'key-not-named',
      signedBy(1, keys.stranger)(good),
    ),
    wrong(
      'T6',
      'a statement that harbour signed itself',
      'key-not-named',
      signedBy(1, keys.harbour)(good),
    ),
    wrong(
      'T6',
      'a configuration under a key that the superior did not name',
      'key-not-named',
      signedBy(0, keys.stranger)(claims(0, strange)(good)),
    ),
    wrong(
      'T6',
      'a configuration that does not name the key that signs it',
      'key-not-named',
      claims(0, strange)(good),
    ),
    wrong('T6', 'a superior that names another key', 'key-not-named', claims(1, strange)(good)),
    wrong('T6', 'a stranger’s signature under the registry’s kid', 'signature', forged),
    wrong(
      'T6',
      'a key of another kind beside the right one',
      'keys',
      claims(1, { jwks: sealing })(good),
    ),
  ];
}
