// What the person may take along on paper, as paper.proto has it.
import { z } from 'zod';

import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';

import { bytesUpTo, localCode, secondsOrNone, section, word } from './casework-records.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const recipientOrNone = z.union([entityId, z.literal('')]);

const PaperEnding = z.strictObject({ until: day, sections: z.array(section) });
const PaperAgreement = z.strictObject({
  record: z.string().length(43),
  given: day,
  recipient: recipientOrNone,
  recipientName: word,
  ends: z.array(PaperEnding).max(limits.receiptEndsMax),
});

const PrintReceiptRequest = z.strictObject({
  localCode,
  recipients: z.array(entityId).max(limits.receiptAgreementsMax),
  nameOrganisations: z.boolean(),
  nameSections: z.boolean(),
});
const PrintReceiptResponse = z.strictObject({
  text: z.string().max(limits.receiptTextCharsMax),
  code: z.string().max(16),
  issuedAt: secondsOrNone,
  name: word,
  agreements: z.array(PaperAgreement).max(limits.receiptAgreementsMax),
});

const MakeCopyRequest = z.strictObject({
  localCode,
  toGuardian: z.boolean(),
  withExploitation: z.boolean(),
});
const MakeCopyResponse = z.strictObject({ copy: bytesUpTo(limits.personCopyBytesMax) });

export const PAPER_METHODS = {
  makeCopy: { request: MakeCopyRequest, response: MakeCopyResponse },
  printReceipt: { request: PrintReceiptRequest, response: PrintReceiptResponse },
} as const;
