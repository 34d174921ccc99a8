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
          role: code(ROLES, 'Role of the one who opened it.'),
          section: code(PERSONAL_SECTIONS, 'Section that was opened.'),
          at: dateTime('When.'),
        })
        .describe('One opening.'),
    )
    .max(limits.accessOpeningsMax)
    .describe('Openings, oldest first.'),
});
