// CaseworkService in the form of the model, and the API that whoever answers it
// implements. A test holds every schema to its proto message.
import { z } from 'zod';

import { ROLES } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { Body, entityId, Grant, STEP_NAMES } from '#model/message.ts';
import { ACCESS_METHODS, why } from './casework-access.ts';
import { CONSENT_METHODS } from './casework-consent.ts';
import { ERASURE_METHODS } from './casework-erasure.ts';
import { MATTER_METHODS } from './casework-matters.ts';
import { PAPER_METHODS } from './casework-paper.ts';
import { READY_METHODS } from './casework-ready.ts';
import * as records from './casework-records.ts';
import { WITHDRAWAL_METHODS } from './casework-withdrawal.ts';

const { uuid4, orNone, localCode, staffId, section, bytesUpTo } = records;
const cursor = records.cursor;
const seconds = z.int().min(1);
/** 0 for the default of `limits.pageItemsDefault`. */
const page = { limit: z.int().min(0).max(limits.pageItemsMax), cursor };
const outcome = z.strictObject({ outcome: records.ActOutcome });

const ImportCaseRequest = z.strictObject({ caseFile: bytesUpTo(limits.caseFileBytesMax) });
const ImportCaseResponse = z.strictObject({
  case: records.CaseSummary,
  created: z.boolean(),
});
const ListCasesRequest = z.strictObject(page);
const ListCasesResponse = z.strictObject({
  cases: z.array(records.CaseSummary).max(limits.pageItemsMax),
  nextCursor: cursor,
});
const GetCaseRequest = z.strictObject({
  localCode,
  withContent: z.boolean(),
  why: why.optional(),
});
const GetCaseResponse = z.strictObject({
  case: records.CaseSummary,
  caseFile: bytesUpTo(limits.caseFileBytesMax),
});

const RequestReferralRequest = z.strictObject({
  requestId: uuid4,
  localCode,
  recipient: entityId,
  continuesReferralId: orNone,
});
const RequestReferralResponse = outcome;
const ReleasePackageRequest = z.strictObject({
  requestId: uuid4,
  referralId: uuid4,
  reconfirmedAt: seconds,
});
const ReleasePackageResponse = outcome;
const ActRequest = z.strictObject({
  requestId: uuid4,
  referralId: uuid4,
  body: Body,
  sections: z.array(records.SectionInput).max(limits.sectionsPerMessageMax),
  grants: z.array(Grant).max(limits.grantsPerMessageMax),
});
const ActResponse = outcome;

const ListReferralsRequest = z.strictObject({ ...page, since: records.secondsOrNone });
const ListReferralsResponse = z.strictObject({
  referrals: z.array(records.ReferralSummary).max(limits.pageItemsMax),
  nextCursor: cursor,
});
const GetReferralRequest = z.strictObject({ referralId: uuid4 });
const GetReferralResponse = z.strictObject({
  referral: records.ReferralSummary,
  timeline: z.array(records.TimelineEntry).max(2 * limits.messagesPerChainMax),
  nextSteps: z.array(z.enum(STEP_NAMES)),
  sections: z.array(records.SectionState),
  /** Lower-case hex. */
  stateDigest: z.string().regex(/^[0-9a-f]{64}$/),
  notices: z.array(records.line),
});
const OpenSectionRequest = z.strictObject({
  referralId: uuid4,
  section,
  why: why.optional(),
});
const OpenSectionResponse = z.strictObject({
  content: bytesUpTo(limits.sectionBytesMax),
  messageId: uuid4,
});
const ExportReferralRequest = z.strictObject({ referralId: uuid4 });
const ExportReferralResponse = z.strictObject({
  evidence: bytesUpTo(limits.grpcMessageBytesMax),
});

const ListInboxRequest = z.strictObject(page);
const ListInboxResponse = z.strictObject({
  items: z.array(records.InboxItem).max(limits.pageItemsMax),
  nextCursor: cursor,
});
const WatchRequest = z.strictObject({ referralId: orNone, afterEventId: records.word });
const WatchResponse = z.strictObject({ event: z.string().max(limits.eventBytesMax) });

const AddStaffRequest = z.strictObject({ staffId, role: z.enum(ROLES) });
const AddStaffResponse = z.strictObject({
  staff: records.Staff,
  token: z.string().max(limits.tokenCharsMax),
});
const ListStaffRequest = z.strictObject(page);
const ListStaffResponse = z.strictObject({
  staff: z.array(records.Staff).max(limits.pageItemsMax),
  nextCursor: cursor,
});
const RemoveStaffRequest = z.strictObject({ staffId });
const RemoveStaffResponse = z.strictObject({});

const ListMembersRequest = z.strictObject(page);
const ListMembersResponse = z.strictObject({
  members: z.array(records.MemberSummary).max(limits.pageItemsMax),
  nextCursor: cursor,
});
const GetNodeStatusRequest = z.strictObject({});
const GetNodeStatusResponse = z.strictObject({
  organisation: entityId,
  version: records.word,
  checks: z.array(records.Check),
});

/** One answer to one question, by the names in casework_service.proto, first letter small. */
export const CASEWORK_METHODS = {
  importCase: { request: ImportCaseRequest, response: ImportCaseResponse },
  listCases: { request: ListCasesRequest, response: ListCasesResponse },
  getCase: { request: GetCaseRequest, response: GetCaseResponse },
  ...READY_METHODS,
  requestReferral: { request: RequestReferralRequest, response: RequestReferralResponse },
  releasePackage: { request: ReleasePackageRequest, response: ReleasePackageResponse },
  ...CONSENT_METHODS,
  ...WITHDRAWAL_METHODS,
  act: { request: ActRequest, response: ActResponse },
  listReferrals: { request: ListReferralsRequest, response: ListReferralsResponse },
  getReferral: { request: GetReferralRequest, response: GetReferralResponse },
  openSection: { request: OpenSectionRequest, response: OpenSectionResponse },
  exportReferral: { request: ExportReferralRequest, response: ExportReferralResponse },
  ...ACCESS_METHODS,
  ...ERASURE_METHODS,
  ...PAPER_METHODS,
  listInbox: { request: ListInboxRequest, response: ListInboxResponse },
  ...MATTER_METHODS,
  addStaff: { request: AddStaffRequest, response: AddStaffResponse },
  listStaff: { request: ListStaffRequest, response: ListStaffResponse },
  removeStaff: { request: RemoveStaffRequest, response: RemoveStaffResponse },
  listMembers: { request: ListMembersRequest, response: ListMembersResponse },
  getNodeStatus: { request: GetNodeStatusRequest, response: GetNodeStatusResponse },
} as const;

/** Many answers to one question. */
export const CASEWORK_STREAMS = {
  watch: { request: WatchRequest, response: WatchResponse },
} as const;

type Methods = typeof CASEWORK_METHODS;
type Streams = typeof CASEWORK_STREAMS;
type CaseworkRequest<M extends keyof (Methods & Streams)> = z.infer<
  (Methods & Streams)[M]['request']
>;
export type CaseworkResponse<M extends keyof (Methods & Streams)> = z.infer<
  (Methods & Streams)[M]['response']
>;

/** Who calls: `actor` is what `authenticate` gave for the token. */
export type CaseworkCall<Actor> = {
  actor: Actor;
  token: string;
  /** Of metadata "srx-second-person"; not looked up yet. */
  secondToken: string | null;
  /** Aborted when the caller is gone, its deadline has passed or the node stops. */
  signal: AbortSignal;
};

/** What answers the service. Expected errors are Refusals; requests were checked by zod. */
export type CaseworkApi<Actor> = {
  [M in keyof Methods]: (
    request: CaseworkRequest<M>,
    call: CaseworkCall<Actor>,
  ) => Promise<CaseworkResponse<M>>;
} & {
  /** The iterable must end when the signal is aborted. */
  [M in keyof Streams]: (
    request: CaseworkRequest<M>,
    call: CaseworkCall<Actor>,
  ) => AsyncIterable<CaseworkResponse<M>>;
};

/** The same from the caller's side. Every promise has a deadline; errors are Refusals. */
export type CaseworkClient = {
  [M in keyof Methods]: (request: CaseworkRequest<M>) => Promise<CaseworkResponse<M>>;
} & {
  [M in keyof Streams]: (
    request: CaseworkRequest<M>,
    signal?: AbortSignal,
  ) => AsyncIterable<CaseworkResponse<M>>;
} & AsyncDisposable;
