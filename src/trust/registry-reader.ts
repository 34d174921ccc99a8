// What a node asks of its registry: who is a member, and the chain of each. It
// finds the endpoints in the anchor's verified configuration (section 5.1.1).
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';

import { NODE_ENTITY_TYPE } from './metadata.ts';
import { readResolveResponse } from './resolve-response.ts';
import { TrustFailure } from './trust-failure.ts';
import { type Anchor, verifyAnchorConfiguration } from './verify-chain.ts';

/** A way to the registry. Where it dials and whom it believes there is its own matter. */
export interface FetchStatements {
  /**
   * The body of one GET, if its status is 200 and its content type this one.
   * @throws Refusal NOT_FOUND for a 404, TOO_LARGE, UNAVAILABLE or TIMED_OUT.
   */
  get(url: string, expected: { contentType: string; bytesMax: number }): Promise<string>;
}

// Section 5.1.1: https, no fragment.
const endpoint = z
  .string()
  .max(1024)
  .regex(/^https:\/\/[^#\s]+$/);
const Endpoints = z.object({
  federation_list_endpoint: endpoint,
  federation_resolve_endpoint: endpoint,
});
export type Endpoints = z.infer<typeof Endpoints>;

const MemberIds = z.array(entityId).max(limits.membersMax);

export async function readEndpoints(
  fetch: FetchStatements,
  expected: { anchor: Anchor; nowSeconds: number },
): Promise<Endpoints> {
  const jws = await fetch.get(configurationUrl(expected.anchor.entityId), {
    contentType: 'application/entity-statement+jwt',
    bytesMax: limits.statementBytesMax,
  });
  const { claims } = await verifyAnchorConfiguration(jws, expected);
  const parsed = Endpoints.safeParse(claims.metadata?.['federation_entity']);
  if (parsed.success) return parsed.data;
  throw new TrustFailure('anchor', 'The anchor does not name its list and resolve endpoints.');
}

/** Entity ids of the members (section 8.2), each once. */
export async function readMemberIds(
  fetch: FetchStatements,
  { federation_list_endpoint }: Endpoints,
): Promise<string[]> {
  const text = await fetch.get(
    withQuery(federation_list_endpoint, [['entity_type', NODE_ENTITY_TYPE]]),
    {
      contentType: 'application/json',
      bytesMax: limits.memberIdsBytesMax,
    },
  );
  const parsed = MemberIds.safeParse(parseJson(text));
  if (parsed.success) return [...new Set(parsed.data)];
  throw new TrustFailure('resolve-response', 'The list of members is not one of entity ids.');
}

/** The chain of one member (section 8.3), not verified. @throws Refusal NOT_FOUND if it is none. */
export async function readChainOf(
  fetch: FetchStatements,
  { federation_resolve_endpoint }: Endpoints,
  expected: { subject: string; anchor: Anchor },
): Promise<string[]> {
  const url = withQuery(federation_resolve_endpoint, [
    ['sub', expected.subject],
    ['trust_anchor', expected.anchor.entityId],
  ]);
  const jws = await fetch.get(url, {
    contentType: 'application/resolve-response+jwt',
    bytesMax: limits.resolveBytesMax,
  });
  return readResolveResponse(jws, expected);
}

/** Section 9: a trailing slash goes before the path is added. */
export function configurationUrl(entity: string): string {
  return `${entity.replace(/\/$/, '')}/.well-known/openid-federation`;
}

function withQuery(url: string, parameters: [string, string][]): string {
  const whole = new URL(url);
  for (const [name, value] of parameters) whole.searchParams.append(name, value);
  return whole.href;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
