// Who opened what: role, section, time. No names; the person can see it.
import { z } from 'zod';

import { PERSONAL_SECTIONS, ROLES } from '../codes.ts';
import { limits } from '../limits.ts';
import { code, dateTime } from './fields.ts';

export const Access = z.strictObject({
  openings: z
    .array(
      z
        .strictObject({
          number: z.int().min(1).describe('1, 2, 3 … within this referral.').optional(),
          role: code(ROLES, 'Role of the one who opened it.'),
          section: code(PERSONAL_SECTIONS, 'Section that was opened.'),
          at: dateTime('When.'),
        })
        .describe('One opening.'),
    )
    .max(limits.accessOpeningsMax)
    .describe('Openings, oldest first.'),
  head: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'Write a SHA-256 digest in base64url.')
    .describe('Digest of the line that holds the newest of them: no later log is true without it.')
    .optional(),
});
