// statements.json: chains from harbour to the registry, right and broken, and the
// member that is read from a right one.
import { sha256 } from '#crypto/digest.ts';
import { keyFrom, parties, publicJwkOf } from '../parties.ts';
import { type Family } from '../vector.ts';
import {
  claims,
  type Draft,
  drawChain,
  ids,
  type MemberExpect,
  memberOf,
  nodeOf,
  now,
  type StatementsVector,
  sign,
  type Wrong,
} from './statement-drafts.ts';
import { constrained, metadataFaults, policies } from './statements-content.ts';
import { clocks, forms, lengths, links, signatures } from './statements-form.ts';

export async function makeStatements({
  certificatePem,
  pin,
}: {
  certificatePem: string;
  pin: string;
}): Promise<Family<StatementsVector>> {
  const all = await parties();
  const keys = {
    harbour: all.harbour.jwks.federation,
    registry: all.registry.jwks.federation,
    stranger: all.stranger.jwks.federation,
    homeward: all.homeward.jwks.federation,
    middle: keyFrom('middle federation', 'Ed25519'),
  };
  const node = nodeOf(all.harbour, certificatePem);
  const member = { ...memberOf(all.harbour), pins: [pin] };
  const draw = (withMiddle = false) => drawChain(keys, node, withMiddle);
  const anchor = { entityId: ids.registry, keys: [publicJwkOf(keys.registry)] };
  const vector = (check: string, name: string, drafts: readonly Draft[]) => ({
    name,
    check,
    input: { chain: drafts.map(sign), subject: ids.harbour, anchor, now },
  });
  const right = (
    check: string,
    name: string,
    drafts: readonly Draft[],
    changed: Partial<MemberExpect> = {},
  ): StatementsVector => ({
    ...vector(check, name, drafts),
    valid: true,
    expect: { member: { ...member, ...changed } },
  });
  const wrong: Wrong = (check, name, reason, drafts) => ({
    ...vector(check, name, drafts),
    valid: false,
    expect: { error: 'TRUST_FAILED', reason },
  });
  const vectors = [
    right('T8', 'a member of the registry', draw()),
    right('T8', 'a member of a member: one statement more', draw(true)),
    right(
      'T4',
      'a chain that ends when its first statement does',
      claims(1, { exp: now + 100 })(draw()),
      {
        validUntilSeconds: now + 100,
      },
    ),
    ...lengths(draw, wrong),
    ...forms(draw(), keys, wrong, vector),
    ...links(draw(), keys, wrong),
    ...clocks(draw(), wrong),
    ...signatures(draw(), keys, wrong),
    ...constrained(draw(), draw(true), wrong),
    ...policies(draw(), right, wrong),
    ...metadataFaults(draw(), node, all.harbour, wrong),
  ];
  return {
    about:
      'Chains of statements about harbour: proto/trust.md. A good chain has harbour’s configuration, the registry’s statement, the registry’s configuration.',
    signed: pooled(vectors),
    vectors,
  };
}

/** Takes the statements out of the vectors, which then name them by digest. */
function pooled(vectors: readonly StatementsVector[]): Record<string, string> {
  const pool = new Map<string, string>();
  for (const { input } of vectors) {
    input.chain = input.chain.map((one) => {
      if (typeof one !== 'string') return one;
      const digest = sha256(one);
      pool.set(digest, one);
      return digest;
    });
  }
  return Object.fromEntries([...pool].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
