// What the registry signs: its own configuration, a statement about each member,
// the answers of its resolver. Each is kept until half of its life is over.
import { signJws } from '#crypto/jws.ts';
import type { Keyring } from '#crypto/keyring.ts';
import { importVerifyKey, type PublicJwk, readPublicJwk } from '#crypto/keys.ts';
import { type Clock, nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { type Metadata, readConfiguration } from '#trust/entity-statement.ts';
import { signKeyAttestation } from '#trust/key-attestation.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { NODE_ENTITY_TYPE, readNodeMetadata } from '#trust/metadata.ts';
import { readMember } from '#trust/read-member.ts';
import { signResolveResponse } from '#trust/resolve-response.ts';
import { signConfiguration, signSubordinateStatement } from '#trust/sign-statement.ts';
import { verifyChain } from '#trust/verify-chain.ts';

import type { MemberRecord } from './member-file.ts';
import type { Identity } from './registry-folder.ts';

const HISTORICAL_TYP = 'jwk-set+jwt';
/** Of each member its statement, and an answer for each choice of two types. */
const KEPT_MAX = 5 * limits.membersMax + 2;
const HALF_LIFE_SECONDS = limits.statementLifeSecondsMax / 2;

/** Below the entity id. */
export const PATHS = {
  configuration: '/.well-known/openid-federation',
  fetch: '/federation/fetch',
  list: '/federation/list',
  resolve: '/federation/resolve',
  historicalKeys: '/federation/historical-keys',
} as const;

type Kept = { madeFrom: string; untilSeconds: number; jws: string };

export class Statements {
  readonly #identity: Identity;
  readonly #keyring: Keyring;
  readonly #clock: Clock;
  readonly #keys = new KeyCache();
  readonly #kept = new Map<string, Kept>();

  constructor(identity: Identity, keyring: Keyring, clock: Clock) {
    this.#identity = identity;
    this.#keyring = keyring;
    this.#clock = clock;
  }

  /** Section 3.1.2, with the endpoints of section 5.1.1. */
  configuration(): Promise<string> {
    const { entityId, name } = this.#identity;
    const key = this.#keyring.signing('federation');
    const at = (path: string) => entityId.replace(/\/$/, '') + path;
    return this.#keep('configuration', '', () =>
      signConfiguration(key, {
        entityId,
        federationKeys: [key.publicJwk],
        authorities: [],
        metadata: {
          federation_entity: {
            organization_name: name,
            federation_fetch_endpoint: at(PATHS.fetch),
            federation_list_endpoint: at(PATHS.list),
            federation_resolve_endpoint: at(PATHS.resolve),
            federation_historical_keys_endpoint: at(PATHS.historicalKeys),
          },
        },
        nowSeconds: nowSeconds(this.#clock),
      }),
    );
  }

  /**
   * Section 3.1.3. The name stays as it was admitted; roles and countries may become fewer, not
   * more; who is run by a state is said here alone; the member is a node and admits nobody. Its message keys are attested one by one, for
   * paper.
   */
  aboutMember(member: MemberRecord, configuration: string): Promise<string> {
    const { entityId, name, countries, roles, federationKeys, isStateRun } = member;
    const messageKeys = messageKeysOf(configuration);
    const madeFrom = JSON.stringify([member, messageKeys]);
    return this.#keep(`statement ${entityId}`, madeFrom, async () => {
      const key = this.#keyring.signing('federation');
      const superior = this.#identity.entityId;
      const at = { superior, subject: entityId, nowSeconds: nowSeconds(this.#clock) };
      const attestations: string[] = [];
      for (const jwk of messageKeys) {
        attestations.push(await signKeyAttestation(key, { ...at, messageKey: jwk }));
      }
      return signSubordinateStatement(key, {
        ...at,
        federationKeys,
        metadata: {
          [NODE_ENTITY_TYPE]: { state_run: isStateRun, message_key_attestations: attestations },
        },
        constraints: { max_path_length: 0, allowed_entity_types: [NODE_ENTITY_TYPE] },
        metadata_policy: {
          [NODE_ENTITY_TYPE]: {
            organization_name: { value: name },
            countries: { subset_of: countries, essential: true },
            roles: { subset_of: roles, essential: true },
          },
        },
      });
    });
  }

  /**
   * The chain, its resolved metadata and its end, verified as any member would.
   * @throws TrustFailure if the member's configuration does not hold (any more).
   */
  async verify(member: MemberRecord, configuration: string) {
    const chain = [
      configuration,
      await this.aboutMember(member, configuration),
      await this.configuration(),
    ];
    const anchor = {
      entityId: this.#identity.entityId,
      keys: [await importVerifyKey(this.#keyring.signing('federation').publicJwk)],
    };
    const now = nowSeconds(this.#clock);
    const expected = { subject: member.entityId, anchor, nowSeconds: now };
    const verified = await verifyChain(chain, expected, this.#keys);
    await readMember(verified, now, this.#keys);
    return { chain, verified };
  }

  /** Section 8.3.2. @param types of the metadata to show. @throws TrustFailure as verify. */
  async resolve(
    member: MemberRecord,
    configuration: string,
    types: readonly string[],
  ): Promise<string> {
    const now = nowSeconds(this.#clock);
    const madeFrom = JSON.stringify([
      configuration,
      await this.aboutMember(member, configuration),
      await this.configuration(),
    ]);
    return this.#keep(`resolve ${types.join()} ${member.entityId}`, madeFrom, async () => {
      const { chain, verified } = await this.verify(member, configuration);
      const metadata: Metadata = Object.fromEntries(
        Object.entries(verified.metadata).filter(([type]) => types.includes(type)),
      );
      const exp = verified.validUntilSeconds;
      const answer = { iss: this.#identity.entityId, sub: member.entityId, iat: now, exp };
      const jws = await signResolveResponse(this.#keyring.signing('federation'), {
        ...answer,
        metadata,
        trust_chain: chain,
      });
      return { jws, exp };
    });
  }

  /** Section 8.7.2: keys that signed once and are replaced. */
  historicalKeys(): Promise<string> {
    const jwks = new Map(this.#keyring.allPublicJwks('federation').map((jwk) => [jwk.kid, jwk]));
    const keys = this.#keyring.list().flatMap(({ kid, purpose, state, createdAt, retiresAt }) => {
      const jwk = jwks.get(kid);
      if (purpose !== 'federation' || state === 'current' || !jwk || retiresAt === null) return [];
      return [{ ...jwk, iat: createdAt, exp: retiresAt }];
    });
    return this.#keep('historical keys', JSON.stringify(keys), () => {
      const claims = { iss: this.#identity.entityId, iat: nowSeconds(this.#clock), keys };
      const payload = Buffer.from(JSON.stringify(claims));
      return signJws(this.#keyring.signing('federation'), HISTORICAL_TYP, payload);
    });
  }

  // A statement is renewed at half life, so none is handed out with less than
  // half a day to go; an answer of the resolver ends with what it carries. Whoever
  // asks again and again gets the same text: strangers cannot make it sign.
  async #keep(
    name: string,
    madeFrom: string,
    make: () => Promise<string | { jws: string; exp: number }>,
  ): Promise<string> {
    const now = nowSeconds(this.#clock);
    const before = this.#kept.get(name);
    if (before && before.madeFrom === madeFrom && before.untilSeconds > now) return before.jws;
    const made = await make();
    const { jws, exp } = typeof made === 'string' ? { jws: made, exp: Infinity } : made;
    if (this.#kept.size >= KEPT_MAX) this.#kept.clear();
    const untilSeconds = Math.min(now + HALF_LIFE_SECONDS, exp);
    this.#kept.set(name, { madeFrom, untilSeconds, jws });
    return jws;
  }
}

/** Of a configuration that may not hold: what does not read is judged by whoever verifies it. */
function messageKeysOf(configuration: string): PublicJwk[] {
  try {
    const { metadata = {} } = readConfiguration(configuration).claims;
    return readNodeMetadata(metadata).message_keys.map((jwk) => readPublicJwk(jwk, 'Ed25519'));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    return [];
  }
}
