// The federation endpoints (OpenID Federation 1.0 sections 8 and 9): which
// question has which answer, apart from how it came. Unknown parameters are ignored.
import { Refusal } from '#model/refusal.ts';
import { type Answer, HttpFailure } from '#services/https/serve-https.ts';
import { NODE_ENTITY_TYPE } from '#trust/metadata.ts';
import { TrustFailure } from '#trust/trust-failure.ts';

import type { Directory } from './directory.ts';
import { PATHS, type Statements } from './statements.ts';

const STATEMENT = 'application/entity-statement+jwt';
const TYPES = ['federation_entity', NODE_ENTITY_TYPE];

type Parts = { entityId: string; statements: Statements; directory: Directory };

/** @throws HttpFailure with the error codes of section 8.9. */
export async function answerFederation(url: URL, parts: Parts): Promise<Answer> {
  const base = new URL(parts.entityId).pathname.replace(/\/$/, '');
  const query = url.searchParams;
  switch (url.pathname) {
    case base + PATHS.configuration:
      return { contentType: STATEMENT, body: await parts.statements.configuration() };
    case base + PATHS.fetch:
      return fetchStatement(query, parts);
    case base + PATHS.list:
      return list(query, parts);
    case base + PATHS.resolve:
      return resolve(query, parts);
    case base + PATHS.historicalKeys: {
      const body = await parts.statements.historicalKeys();
      return { contentType: 'application/jwk-set+jwt', body };
    }
    default:
      throw new HttpFailure(404, 'not_found', 'Nothing is served here.');
  }
}

// Section 8.1
async function fetchStatement(query: URLSearchParams, parts: Parts): Promise<Answer> {
  const { record, configuration } = await findSubject(query, parts);
  const body = await parts.statements.aboutMember(record, configuration);
  return { contentType: STATEMENT, body };
}

// Section 8.2: every member is a node and none has subordinates.
async function list(query: URLSearchParams, { directory }: Parts): Promise<Answer> {
  for (const name of ['trust_marked', 'trust_mark_type']) {
    if (query.has(name)) {
      throw new HttpFailure(400, 'unsupported_parameter', `${name} is not supported.`);
    }
  }
  const isForNodes = query.getAll('entity_type').every((type) => type === NODE_ENTITY_TYPE);
  const isForIntermediates = query.get('intermediate') === 'true';
  const members = await directory.members();
  const ids = isForNodes && !isForIntermediates ? [...members.keys()] : [];
  return { contentType: 'application/json', body: JSON.stringify(ids) };
}

// Section 8.3
async function resolve(query: URLSearchParams, parts: Parts): Promise<Answer> {
  const anchors = query.getAll('trust_anchor');
  if (anchors.length === 0) throw missing('trust_anchor');
  if (!anchors.includes(parts.entityId)) {
    throw new HttpFailure(404, 'invalid_trust_anchor', 'This registry is the only anchor here.');
  }
  const { record, configuration } = await findSubject(query, parts);
  const wanted = query.getAll('entity_type');
  const types = TYPES.filter((type) => wanted.length === 0 || wanted.includes(type));
  try {
    const body = await parts.statements.resolve(record, configuration, types);
    return { contentType: 'application/resolve-response+jwt', body };
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    const reason = cause instanceof TrustFailure ? cause.reason : cause.code;
    throw new HttpFailure(400, 'invalid_trust_chain', `The member’s chain fails: ${reason}.`);
  }
}

async function findSubject(query: URLSearchParams, { entityId, directory }: Parts) {
  const [subject, ...more] = query.getAll('sub');
  if (subject === undefined || more.length > 0) throw missing('sub');
  if (subject === entityId) {
    throw new HttpFailure(400, 'invalid_request', 'No superior speaks of the anchor.');
  }
  const listed = (await directory.members()).get(subject);
  if (!listed) throw new HttpFailure(404, 'not_found', 'No such member.');
  return listed;
}

function missing(name: string): HttpFailure {
  return new HttpFailure(400, 'invalid_request', `Give ${name} once.`);
}
