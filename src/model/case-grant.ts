// A yes of the person as a case file writes it: with a date, and without the
// random id that it gets when it first travels.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES, STAGES } from './codes.ts';
import { entityId } from './message.ts';
import { code, dateTime } from './plan/fields.ts';

export const CaseGrant = z
  .strictObject({
    recipient: entityId.describe(
      'Entity id of exactly one organisation; the own one for what comes back.',
    ),
    sections: z
      .array(code(PERSONAL_SECTIONS, 'Name of a section.'))
      .min(1)
      .max(PERSONAL_SECTIONS.length)
      .refine((names) => new Set(names).size === names.length, {
        error: 'names a section twice',
        params: { remedy: 'Name each section once.' },
      })
      .describe('Sections that the yes covers.'),
    stage: code(STAGES, 'When in the referral it may be used.'),
    purpose: code(PURPOSES, 'What the recipient may do with it.'),
    until: dateTime('When the yes ends; nothing is covered after it.'),
  })
  .describe('One yes of the person: recipient, sections, stage, purpose, end.');
export type CaseGrant = z.infer<typeof CaseGrant>;

/** A grant's end in whole seconds, as messages carry it. */
export function grantUntilSeconds(grant: Pick<CaseGrant, 'until'>): number {
  return Math.floor(Date.parse(grant.until) / 1000);
}
