// Records of CaseworkService, as records.proto has them. Empty text stands for
// none where the proto says so; times are whole seconds, 0 for none.
import { z } from 'zod';

import { ROLES, SECTIONS } from '#model/codes.ts';
import { STATUSES } from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { Envelope, entityId, STEP_NAMES } from '#model/message.ts';

export const uuid4 = Envelope.shape.messageId;
export const secondsOrNone = z.int().min(0);
export const word = z.string().max(limits.labelCharsMax);
export const line = z.string().max(limits.textCharsMax);
export const section = z.enum(SECTIONS);
export const localCode = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
export const staffId = z
  .string()
  .max(limits.staffIdCharsMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
export const cursor = z.string().max(limits.cursorCharsMax);

const seq = z.int().min(1).max(limits.messagesPerChainMax);
const count = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const orEmpty = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal('')]);

export const orNone = orEmpty(uuid4);

/** Content in the clear: it stays bytes and never becomes text here. */
export function bytesUpTo(bytesMax: number) {
  return z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length <= bytesMax,
    `must be at most ${bytesMax} bytes`,
  );
}

export const Staff = z.strictObject({
  staffId,
  role: z.enum(ROLES),
  createdAt: secondsOrNone,
});

export const CaseSummary = z.strictObject({
  localCode,
  importedAt: secondsOrNone,
  referralIds: z.array(uuid4),
});

export const ActOutcome = z.strictObject({
  referralId: uuid4,
  messageId: uuid4,
  seq,
  status: z.enum(STATUSES),
});

export const SectionInput = z.strictObject({
  section,
  content: bytesUpTo(limits.sectionBytesMax),
});

export const ReferralSummary = z.strictObject({
  referralId: uuid4,
  partner: entityId,
  side: z.enum(['referring', 'receiving']),
  status: z.enum(STATUSES),
  caseCode: orNone,
  localCode: orEmpty(localCode),
  createdAt: secondsOrNone,
  changedAt: secondsOrNone,
  pending: count,
});

export const TimelineEntry = z.strictObject({
  author: entityId,
  seq,
  messageId: uuid4,
  step: z.enum([...STEP_NAMES, 'unread']),
  sentAt: secondsOrNone,
  digest: z.string().length(43),
  verdict: z.enum(['counts', 'illegal', 'void', 'unread', 'waiting', 'fork']),
  receivedAt: secondsOrNone,
  sections: z.array(section).max(limits.sectionsPerMessageMax),
  byRole: orEmpty(z.enum(ROLES)),
});

export const SectionState = z.strictObject({
  section,
  state: z.enum(['readable', 'restricted', 'not-sent']),
  until: secondsOrNone,
});

export const InboxItem = z.strictObject({
  itemId: word,
  kind: word,
  referralId: orNone,
  since: secondsOrNone,
  next: line,
});

export const MemberSummary = z.strictObject({
  organisation: entityId,
  name: line,
  countries: z.array(word),
  roles: z.array(word),
  isStateRun: z.boolean(),
  validUntil: secondsOrNone,
});

export const Check = z.strictObject({ name: word, ok: z.boolean(), detail: line });
