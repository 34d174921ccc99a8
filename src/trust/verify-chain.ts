// Whether a chain of statements leads from an entity to the pinned anchor
// (OpenID Federation 1.0 sections 3.2, 4, 6 and 10.2). The checks stand in order;
// everything in the chain is a stranger's word until check 6 has passed.
import { verifyJws } from '#crypto/jws.ts';
import type { VerifyKey } from '#crypto/keys.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { checkConstraints, removeForbiddenTypes } from './constraints.ts';
import {
  type Configuration,
  type Metadata,
  readConfiguration,
  readSubordinateStatement,
  STATEMENT_TYP,
  type SubordinateStatement,
} from './entity-statement.ts';
import type { KeyCache } from './key-cache.ts';
import { applyPolicy, resolvePolicy } from './policy.ts';
import { TrustFailure } from './trust-failure.ts';

/** Pinned by key: the name alone gives no trust. Several keys only while one replaces another. */
export type Anchor = { entityId: string; keys: readonly VerifyKey[] };

export type VerifiedChain = {
  subject: string;
  /** Resolved: overridden by the superior, constrained, under policy. */
  metadata: Metadata;
  /** kids of the subject's federation keys that its superior names. */
  federationKids: string[];
  /** The chain ends when its first statement does (section 10.4). */
  validUntilSeconds: number;
};

type Chain = {
  subject: Configuration;
  /** The subject's superior's first, the anchor's last; never empty. */
  statements: SubordinateStatement[];
  anchor: Configuration;
};
type Statement = Configuration | SubordinateStatement;

/**
 * @param jwss as in the claim trust_chain: the subject's configuration, the statements from its
 *   superior up to the anchor's, the anchor's configuration.
 * @throws TrustFailure with its reason; Refusal ALG_NOT_ALLOWED or TOO_LARGE for a header or size.
 */
export async function verifyChain(
  jwss: readonly string[],
  expected: { subject: string; anchor: Anchor; nowSeconds: number },
  keys: KeyCache,
): Promise<VerifiedChain> {
  // 1. Length (section 4; our bound), before anything is read: a chain made to cost time.
  checkLength(jwss);
  // 2. Each statement: typ, alg, kid, required claims, nothing unknown, nothing critical, the right
  //    kind (sections 3 and 3.2): another JWT in its place, a limit that we would not see.
  const chain = readChain(jwss);
  // 3. Each links to the next, from the entity that was asked for to the anchor, and never comes
  //    by twice (sections 4, 10.1, 10.2): another's good statements put in between.
  checkLinks(chain, expected);
  // 4. Issued, not expired, no longer life than ours (section 10.2): a statement kept from before
  //    a removal.
  for (const statement of allOf(chain)) checkTimes(statement, expected.nowSeconds);
  // 5. The subject names its superior (section 3.2): an authority that it never joined.
  checkAuthorityHints(chain);
  // 6. Signatures from the pinned anchor downwards, each under a key that the superior's statement
  //    names and no other (sections 3.2, 4, 10.2): an anchor of the same name, a key of one's own.
  await checkSignatures(chain, expected.anchor, keys);
  // 7. Constraints of every superior (section 6.2): a member that admits members.
  checkConstraints(chain.statements);
  // 8. Metadata: overridden by the superior, forbidden types removed, then policy (sections 3.1.1,
  //    6.2.3, 6.1.4.2, in this order): a member that gives itself a role.
  const metadata = resolveMetadata(chain);
  return {
    subject: expected.subject,
    metadata,
    federationKids: firstOf(chain).claims.jwks.keys.map(({ kid }) => kid),
    validUntilSeconds: Math.min(...allOf(chain).map(({ claims }) => claims.exp)),
  };
}

/** The anchor's own configuration, under a pinned key: checks 2 to 4 and 6 for it alone. */
export async function verifyAnchorConfiguration(
  jws: string,
  expected: { anchor: Anchor; nowSeconds: number },
): Promise<Configuration> {
  const configuration = readConfiguration(jws);
  checkAnchorName(configuration, expected.anchor);
  checkTimes(configuration, expected.nowSeconds);
  await checkAnchorSignature(configuration, expected.anchor);
  return configuration;
}

/**
 * A configuration that no superior has spoken of yet, as one is handed in for admission: checks 2
 * and 4, and its own key (section 10.2, ES[0]). It proves the possession of that key, no trust.
 */
export async function verifySelfSigned(
  jws: string,
  expected: { nowSeconds: number },
  keys: KeyCache,
): Promise<Configuration> {
  const configuration = readConfiguration(jws);
  checkTimes(configuration, expected.nowSeconds);
  await checkSignedBy(configuration, configuration, keys);
  return configuration;
}

function checkLength(jwss: readonly string[]): void {
  const statements = jwss.length - 2;
  if (statements < 1 || statements > limits.chainDepthMax) {
    throw new TrustFailure(
      'chain-length',
      `A chain has two configurations and 1 to ${limits.chainDepthMax} statements between them.`,
    );
  }
}

function readChain(jwss: readonly string[]): Chain {
  return {
    subject: readConfiguration(jwss.at(0) ?? ''),
    statements: jwss.slice(1, -1).map(readSubordinateStatement),
    anchor: readConfiguration(jwss.at(-1) ?? ''),
  };
}

function checkLinks(chain: Chain, expected: { subject: string; anchor: Anchor }): void {
  if (chain.subject.claims.sub !== expected.subject) {
    throw new TrustFailure('subject', 'The chain is about another entity than was asked for.');
  }
  checkAnchorName(chain.anchor, expected.anchor);
  const all = allOf(chain);
  for (const [index, { claims }] of all.slice(0, -1).entries()) {
    if (claims.iss !== all[index + 1]?.claims.sub) {
      throw new TrustFailure(
        'link',
        `Statement ${index} is not issued by the subject of the next.`,
      );
    }
  }
  const entities = [...chain.statements.map(({ claims }) => claims.sub), chain.anchor.claims.sub];
  if (new Set(entities).size !== entities.length) {
    throw new TrustFailure('loop', 'The chain comes by one entity twice.');
  }
}

function checkAnchorName({ claims }: Configuration, anchor: Anchor): void {
  if (claims.sub !== anchor.entityId) {
    throw new TrustFailure('anchor', 'The chain ends with another anchor than the pinned one.');
  }
  if (claims.authority_hints !== undefined) {
    throw new TrustFailure('anchor', 'An anchor has no superior, but authority_hints names one.');
  }
}

// Leeway for the issuer's clock only: a grace after exp would prolong a removed
// member's life, and statements are renewed long before.
function checkTimes({ claims: { iat, exp } }: Statement, nowSeconds: number): void {
  if (iat > nowSeconds + limits.clockSkewSecondsMax) {
    throw new TrustFailure('not-yet-valid', 'A statement is issued in the future: compare clocks.');
  }
  if (exp <= nowSeconds) throw new TrustFailure('expired', 'A statement has expired.');
  if (exp - iat > limits.statementLifeSecondsMax) {
    throw new TrustFailure(
      'life',
      `A statement lives longer than ${limits.statementLifeSecondsMax} seconds.`,
    );
  }
}

function checkAuthorityHints(chain: Chain): void {
  const hints = chain.subject.claims.authority_hints ?? [];
  if (!hints.includes(firstOf(chain).claims.iss)) {
    throw new TrustFailure('authority-hints', 'The entity does not name this superior as its own.');
  }
}

async function checkSignatures(chain: Chain, anchor: Anchor, keys: KeyCache): Promise<void> {
  await checkAnchorSignature(chain.anchor, anchor);
  const pinned = anchor.keys.map(({ kid }) => kid);
  for (const [index, statement] of chain.statements.entries().toArray().toReversed()) {
    const superior = chain.statements[index + 1];
    if (superior) await checkSignedBy(statement, superior, keys);
    else await checkSignedBy(statement, chain.anchor, keys, pinned);
  }
  await checkSignedBy(chain.subject, firstOf(chain), keys);
  await checkSignedBy(chain.subject, chain.subject, keys);
}

// The pinned key must sign, and the configuration must name it: section 3.2.
async function checkAnchorSignature(configuration: Configuration, anchor: Anchor): Promise<void> {
  const key = anchor.keys.find(({ kid }) => kid === configuration.kid);
  const isNamed = configuration.claims.jwks.keys.some(({ kid }) => kid === configuration.kid);
  if (!key || !isNamed) {
    throw new TrustFailure('anchor-key', 'The anchor signs with a key that is not pinned.');
  }
  await checkSignature(configuration, key);
}

async function checkSignedBy(
  statement: Statement,
  superior: Statement,
  keys: KeyCache,
  pinned?: readonly string[],
): Promise<void> {
  const named: VerifyKey[] = [];
  for (const jwk of superior.claims.jwks.keys) named.push(await keys.verifyKey(jwk, 'keys'));
  const key = named.find(({ kid }) => kid === statement.kid);
  if (!key) {
    throw new TrustFailure('key-not-named', 'A statement is signed by a key that nobody named.');
  }
  if (pinned && !pinned.includes(key.kid)) {
    throw new TrustFailure('anchor-key', 'The anchor signs with a key that is not pinned.');
  }
  await checkSignature(statement, key);
}

async function checkSignature({ jws }: Statement, key: VerifyKey): Promise<void> {
  try {
    await verifyJws(jws, STATEMENT_TYP, key, limits.statementBytesMax);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new TrustFailure('signature', 'The signature of a statement is wrong.', { cause });
  }
}

function resolveMetadata(chain: Chain): Metadata {
  const { metadata: own = {} } = chain.subject.claims;
  const { metadata: given = {} } = firstOf(chain).claims;
  // Section 3.1.1: only for types that the subject has itself.
  const overridden = Object.fromEntries(
    Object.entries(own).map(([type, parameters]) => [
      type,
      { ...parameters, ...(Object.hasOwn(given, type) ? given[type] : {}) },
    ]),
  );
  const allowed = removeForbiddenTypes(overridden, chain.statements);
  const claims = chain.statements.map((statement) => statement.claims).toReversed();
  return applyPolicy(allowed, resolvePolicy(claims));
}

function firstOf({ statements: [first] }: Chain): SubordinateStatement {
  if (!first) throw new Error('a chain without statements passed check 1');
  return first;
}

function allOf({ subject, statements, anchor }: Chain): Statement[] {
  return [subject, ...statements, anchor];
}
