// Who opened what and who has what, as access.proto has it.
import { z } from 'zod';

import { ACCESS_REASONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';

import {
  bytesUpTo,
  cursor,
  localCode,
  orNone,
  secondsOrNone,
  staffId,
  word,
} from './casework-records.ts';

const codeOrNone = z.union([localCode, z.literal('')]);
const number = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

export const why = z.enum(ACCESS_REASONS);

const ListAccessRequest = z.strictObject({
  localCode: codeOrNone,
  referralId: orNone,
  limit: z.int().min(0).max(limits.pageItemsMax),
  cursor,
});
const ListAccessResponse = z.strictObject({
  lines: z
    .array(
      z.strictObject({
        number,
        openedAt: secondsOrNone,
        staffId,
        role: word,
        why,
        referralId: orNone,
        localCode: codeOrNone,
        section: word,
      }),
    )
    .max(limits.pageItemsMax),
  nextCursor: cursor,
});
const VerifyAccessResponse = z.strictObject({
  lines: number,
  faults: z.array(z.strictObject({ number, what: word })).max(limits.accessFaultsMax),
});

export const ACCESS_METHODS = {
  listAccess: { request: ListAccessRequest, response: ListAccessResponse },
  verifyAccess: { request: z.strictObject({}), response: VerifyAccessResponse },
  getHoldings: {
    request: z.strictObject({ localCode }),
    response: z.strictObject({ holdings: bytesUpTo(limits.grpcMessageBytesMax) }),
  },
} as const;
