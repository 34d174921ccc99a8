// What was told outside of SRX: to an authority, or to save a life. It is made
// elsewhere; here stands what, to whom, under which law, and when the person heard.
import { z } from 'zod';

import { PERSONAL_SECTIONS } from '../codes.ts';
import { code, country, dateTime, label, list } from '../plan/fields.ts';
import { AUTHORITIES } from './demand.ts';
import { Telling } from './telling.ts';

const DISCLOSURE_REASONS = [
  'save-a-life',
  'legal-demand',
  'duty-to-report',
  'person-asked',
] as const;

export const DisclosureRecord = z
  .strictObject({
    why: code(DISCLOSURE_REASONS, 'Why it was told.'),
    to: code([...AUTHORITIES, 'emergency-service'], 'Kind of body that was told.'),
    country: country('Country of the body, ISO 3166-1.'),
    law: label('The law under which it was told, with its article.'),
    madeAt: dateTime('When it was told.'),
    sections: list(code(PERSONAL_SECTIONS, 'Section.'), 'What was told.').min(1),
    demandId: z.uuid('Write the id of the demand; see srx demand list.').optional(),
    adviceOffered: z
      .boolean()
      .describe('Whether the person was offered legal advice before it; in an emergency false.'),
    person: Telling.describe('When the person heard of it, or why not yet.'),
  })
  .superRefine(({ why, demandId, adviceOffered, person }, ctx) => {
    const add = (path: string, message: string, remedy: string) =>
      ctx.addIssue({ code: 'custom', path: [path], message, params: { remedy } });
    if (why === 'legal-demand' && demandId === undefined) {
      add('demandId', 'is missing', 'Record the demand first, then write its id.');
    }
    if (why !== 'legal-demand' && demandId !== undefined) {
      add('demandId', 'belongs to a legal demand only', 'Take it out, or correct `why`.');
    }
    if (why === 'person-asked' && !adviceOffered) {
      add('adviceOffered', 'is false', 'Offer legal advice before the person decides.');
    }
    if (person.why === 'nobody-concerned') {
      add('person', 'says that nobody is concerned', 'Say when the person heard, or why not yet.');
    }
  });
export type DisclosureRecord = z.infer<typeof DisclosureRecord>;
