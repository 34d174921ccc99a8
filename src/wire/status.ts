// A Refusal as a gRPC status and back: google.rpc.Status with ErrorInfo in
// "grpc-status-details-bin", as gRPC's richer error model has it.
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';

import { incidentOf } from '#model/incident.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';
import { REFUSAL_CODES, Refusal, type RefusalCode } from '#model/refusal.ts';

import { errorInfo, retryInfo, statusDetails } from './well-known.ts';

const DETAILS = 'grpc-status-details-bin';
const DOMAIN = 'srx';

const STATUS_OF: Readonly<Record<RefusalCode, status>> = {
  MALFORMED: status.INVALID_ARGUMENT,
  SCHEMA_VIOLATION: status.INVALID_ARGUMENT,
  UNSUPPORTED_VERSION: status.INVALID_ARGUMENT,
  ALG_NOT_ALLOWED: status.INVALID_ARGUMENT,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  NOT_A_MEMBER: status.PERMISSION_DENIED,
  AUDIENCE_MISMATCH: status.PERMISSION_DENIED,
  NOT_PERMITTED: status.PERMISSION_DENIED,
  SECOND_PERSON_NEEDED: status.PERMISSION_DENIED,
  ILLEGAL_STEP: status.FAILED_PRECONDITION,
  ENCRYPTION_KEY_RETIRED: status.FAILED_PRECONDITION,
  SYNC_FIRST: status.FAILED_PRECONDITION,
  NOT_CONSENTED: status.FAILED_PRECONDITION,
  CONSENT_WITHDRAWN: status.FAILED_PRECONDITION,
  CONSENT_EXPIRED: status.FAILED_PRECONDITION,
  GATE_OPEN_ITEMS: status.FAILED_PRECONDITION,
  CLOCK_OFF: status.FAILED_PRECONDITION,
  TRUST_FAILED: status.FAILED_PRECONDITION,
  KEY_UNAVAILABLE: status.FAILED_PRECONDITION,
  BAD_CONFIG: status.FAILED_PRECONDITION,
  CHAIN_FORK: status.ABORTED,
  CONFLICT: status.ALREADY_EXISTS,
  NOT_FOUND: status.NOT_FOUND,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  TOO_LARGE: status.RESOURCE_EXHAUSTED,
  UNAVAILABLE: status.UNAVAILABLE,
  TIMED_OUT: status.DEADLINE_EXCEEDED,
};

// For a status without our ErrorInfo: from grpc-js itself, a proxy, a stranger.
const CODE_OF: Readonly<Partial<Record<status, RefusalCode>>> = {
  [status.INVALID_ARGUMENT]: 'MALFORMED',
  [status.OUT_OF_RANGE]: 'MALFORMED',
  [status.UNIMPLEMENTED]: 'UNSUPPORTED_VERSION',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'NOT_PERMITTED',
  [status.NOT_FOUND]: 'NOT_FOUND',
  [status.ALREADY_EXISTS]: 'CONFLICT',
  [status.RESOURCE_EXHAUSTED]: 'RATE_LIMITED',
  [status.DEADLINE_EXCEEDED]: 'TIMED_OUT',
};

/** What the other side sees of a throw. A bug shows as INTERNAL and is logged with an id only. */
export function statusOf(thrown: unknown, where: { method: string; log: Log }): StatusObject {
  if (!(thrown instanceof Refusal)) {
    const id = crypto.randomUUID();
    where.log.error('call-failed', { method: where.method, id, ...incidentOf(thrown) });
    return { code: status.INTERNAL, details: 'Internal error.', metadata: new Metadata() };
  }
  const code = STATUS_OF[thrown.code];
  const message = thrown.message.slice(0, limits.errorTextCharsMax).toWellFormed();
  const details = [pack(errorInfo, { reason: thrown.code, domain: DOMAIN })];
  if (thrown.code === 'RATE_LIMITED' || thrown.code === 'UNAVAILABLE') {
    const seconds = Math.ceil(limits.quotaRetryMs / 1000);
    details.push(pack(retryInfo, { retryDelay: { seconds, nanos: 0 } }));
  }
  const metadata = new Metadata();
  metadata.set(DETAILS, statusDetails.encode({ code, message, details }));
  return { code, details: message, metadata };
}

/**
 * A failed call as a Refusal. `peer` names the other side in a sentence: "The partner's node".
 * @param trustText Whether its words may be shown: only those of one's own node.
 */
export function refusalOf(error: ServiceError, peer: string, trustText: boolean): Refusal {
  const told = readDetails(error);
  if (told !== null) {
    const text = trustText && told.message !== '' ? told.message : `${peer} answered ${told.code}.`;
    return new Refusal(told.code, text, { cause: error });
  }
  const code = untold(error);
  return new Refusal(code, REMEDY[code]?.(peer) ?? `${peer} answered ${code}.`, { cause: error });
}

const REMEDY: Partial<Record<RefusalCode, (peer: string) => string>> = {
  UNAVAILABLE: (peer) =>
    `${peer} cannot be reached, or shows a certificate that is not its own. Check its address and that it runs, then try again.`,
  TIMED_OUT: (peer) => `${peer} did not answer in time. Try again.`,
  TOO_LARGE: (peer) => `The message is larger than ${peer} or this side takes. Send less at once.`,
  RATE_LIMITED: (peer) => `${peer} is asked too often. Wait a moment and try again.`,
  UNSUPPORTED_VERSION: (peer) => `${peer} does not know this call. Bring both to one version.`,
};

function untold(error: ServiceError): RefusalCode {
  // grpc-js, on either side, tells a message over its bound in these words.
  const isTooLarge = /message (larger|that decompresses to a size larger) than/.test(error.details);
  if (error.code === status.RESOURCE_EXHAUSTED && isTooLarge) return 'TOO_LARGE';
  return CODE_OF[error.code] ?? 'UNAVAILABLE';
}

const codes: ReadonlySet<string> = new Set(REFUSAL_CODES);

function readDetails(error: ServiceError): { code: RefusalCode; message: string } | null {
  const [bytes] = error.metadata?.get(DETAILS) ?? [];
  if (!Buffer.isBuffer(bytes)) return null;
  try {
    const { message, details } = statusDetails.decode(bytes);
    for (const { typeUrl, value } of details.slice(0, limits.errorDetailsMax)) {
      if (typeUrl !== `type.googleapis.com/${errorInfo.name}`) continue;
      const { reason, domain } = errorInfo.decode(value);
      if (domain === DOMAIN && codes.has(reason)) {
        return { code: reason as RefusalCode, message: message.slice(0, limits.errorTextCharsMax) };
      }
    }
  } catch {
    // Not ours, or broken: the plain status is all there is.
  }
  return null;
}

function pack<T>(type: { name: string; encode(value: T): Buffer }, value: T) {
  return { typeUrl: `type.googleapis.com/${type.name}`, value: type.encode(value) };
}
