// A message, a receipt and a parcel as the program sees them. The proto files
// are the wire contract, these schemas the types and the rules; a test holds
// one to the other. Bytes are base64url text here; times are whole seconds.
import { z } from 'zod';

import {
  MEETING_WISHES,
  MILESTONES,
  PACKAGE_FAULTS,
  PERSON_VIEWS,
  PURPOSES,
  REFUSAL_REASONS,
  SECTIONS,
  STAGES,
  VERDICTS,
} from './codes.ts';
import { limits } from './limits.ts';

const uuid4 = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
const digest = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/); // 32 bytes
const seq = z.int().min(1).max(limits.messagesPerChainMax);
const seconds = z.int().min(1).max(253_402_300_799); // year 9999
const section = z.enum(SECTIONS);
const sections = z
  .array(section)
  .max(SECTIONS.length)
  .refine((list) => new Set(list).size === list.length, 'a section is named twice');

/** An OpenID Federation 1.0 entity identifier (section 1.2): an https URL. */
export const entityId = z
  .string()
  .max(limits.entityIdBytesMax)
  .regex(
    /^https:\/\/[a-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9._~/-]*)?$/,
    'Write the entity id of exactly one organisation: an https URL, never a group such as "partners".',
  );

export const ChainPosition = z.strictObject({ seq, digest });
export type ChainPosition = z.infer<typeof ChainPosition>;

export const Grant = z.strictObject({
  grantId: uuid4,
  recipient: entityId,
  sections: sections.min(1),
  stage: z.enum(STAGES),
  purpose: z.enum(PURPOSES),
  until: seconds,
});
export type Grant = z.infer<typeof Grant>;

const empty = z.strictObject({});

/** One schema a step, keyed by the names in Body.step of body.proto. */
export const STEP_SCHEMAS = {
  referralRequest: z.strictObject({
    rulesVersion: z.literal(limits.rulesVersion),
    caseCode: uuid4,
    answerBy: seconds,
    secondPerson: z.boolean(),
    continues: z
      .strictObject({
        referralId: uuid4,
        referringSeq: seq,
        referringDigest: digest,
        receivingSeq: z.int().min(0).max(limits.messagesPerChainMax),
        receivingDigest: z.union([digest, z.literal('')]),
      })
      .optional(),
  }),
  receiptConfirmed: empty,
  riskAssessed: z.strictObject({
    assessedAt: seconds,
    answersSeq: z.int().min(0).max(limits.messagesPerChainMax),
  }),
  clarificationAsked: z.strictObject({ about: section }),
  clarificationGiven: z.strictObject({ answersSeq: seq }),
  accepted: z.strictObject({ secondPerson: z.boolean() }),
  declined: empty,
  packageReleased: z.strictObject({
    reconfirmedAt: seconds,
    secondPerson: z.boolean(),
    /** Only what the meeting of somebody who is removed or detained needs. */
    short: z.boolean(),
  }),
  packageReceived: z.strictObject({ packageSeq: seq }),
  packageRefused: z.strictObject({ packageSeq: seq, fault: z.enum(PACKAGE_FAULTS) }),
  safetyNotice: empty,
  sectionCorrected: z.strictObject({ corrects: section }),
  arrivalPlanned: empty,
  arrivalChanged: empty,
  departed: z.strictObject({
    travelAgreedAt: seconds,
    referringRiskReadAt: seconds,
    receivingRiskReadAt: seconds,
    medicineAndMoney: z.boolean(),
    callOffered: z.boolean(),
  }),
  arrived: z.strictObject({ codeWordGiven: z.boolean() }),
  notArrived: empty,
  caseManagementTaken: z.strictObject({ firstContactDone: z.boolean(), planAgreed: z.boolean() }),
  caseManagementHanded: empty,
  followUpReported: z.strictObject({ milestone: z.enum(MILESTONES) }),
  planRevised: z.strictObject({ personAgreed: z.boolean() }),
  held: z.strictObject({ reviewAt: seconds }),
  resumed: empty,
  cancellationRequested: empty,
  cancellationConfirmed: empty,
  consentWithdrawn: z.strictObject({
    whole: z.boolean(),
    sections,
    stopReports: z.boolean(),
    deleteSent: z.boolean(),
    endServices: z.boolean(),
    meetingWish: z.enum(MEETING_WISHES),
  }),
  accessReported: empty,
  erasureConfirmed: z.strictObject({ withdrawalId: uuid4, erased: sections, kept: sections }),
  breachReported: empty,
  completed: z.strictObject({ personView: z.enum(PERSON_VIEWS) }),
  failed: empty,
  expired: empty,
  enteredInError: z.strictObject({ wrongRecipient: z.boolean() }),
  refused: z.strictObject({ seq, digest, reason: z.enum(REFUSAL_REASONS) }),
} as const;

export type StepName = keyof typeof STEP_SCHEMAS;
export type StepBody<S extends StepName> = z.infer<(typeof STEP_SCHEMAS)[S]>;
/** Flat union keyed by the oneof's name: `{ step: 'arrived', arrived: {…} }`. */
export type Body = { [S in StepName]: { step: S } & Record<S, StepBody<S>> }[StepName];

export const STEP_NAMES = Object.keys(STEP_SCHEMAS) as StepName[];

// zod cannot type a union made in a loop; the type above is its exact shape.
const bodies = STEP_NAMES.map((step) =>
  z.strictObject({ step: z.literal(step), [step]: STEP_SCHEMAS[step] }),
);
export const Body = z.discriminatedUnion(
  'step',
  bodies as unknown as [(typeof bodies)[number]],
) as unknown as z.ZodType<Body>;

/** What a message must have to take its place in a chain, whatever its body. */
export const Envelope = z.strictObject({
  messageId: uuid4,
  referralId: uuid4,
  from: entityId,
  to: entityId,
  seq,
  previous: z.union([digest, z.literal('')]),
  seen: ChainPosition.optional(),
  sentAt: seconds,
  expiresAt: seconds,
});
export type Envelope = z.infer<typeof Envelope>;

/** The rest of it: judged after the message has its place. */
export const Content = z.strictObject({
  sections: z
    .array(z.strictObject({ section, digest }))
    .max(limits.sectionsPerMessageMax)
    .refine(
      (list) => new Set(list.map((s) => s.section)).size === list.length,
      'a section is named twice',
    ),
  grants: z.array(Grant).max(limits.grantsPerMessageMax),
  body: Body,
});
export type Content = z.infer<typeof Content>;

export type Message = Envelope & Content;

export const Receipt = z.strictObject({
  receiver: entityId,
  sender: entityId,
  referralId: uuid4,
  messageId: uuid4,
  seq,
  messageDigest: digest,
  verdict: z.enum(VERDICTS),
  reason: z.enum(REFUSAL_REASONS).optional(),
  sectionsTaken: sections,
  receivedAt: seconds,
  head: ChainPosition.optional(),
  read: ChainPosition.optional(),
});
export type Receipt = z.infer<typeof Receipt>;

/** A section in the clear: `salt` and `content` are raw bytes, never logged. */
export type SectionContent = {
  section: z.infer<typeof section>;
  salt: Uint8Array;
  content: Uint8Array;
};

export type Parcel = { message: string; sections: SectionContent[] };
