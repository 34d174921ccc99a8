// What a child's return stands on. Stricter gates read it; the child's own no
// stops the return until the authority has decided again.
import { z } from 'zod';

import { ANSWERS, callable, code, country, date, label, phone, text } from './fields.ts';

const Guardian = z
  .strictObject({
    name: label('Name.'),
    phone: phone('Phone, E.164.').optional(),
    appointedBy: label('Authority that appointed them.'),
    appointedOn: date('When.'),
    country: country('Country of that authority.'),
    checked: z.boolean().describe('Whether the appointment was checked with the authority.'),
    independent: z
      .boolean()
      .describe(
        'Not a relative under suspicion, the receiving caregiver, or staff of either side.',
      ),
  })
  .describe('The guardian.');

export const Child = z.strictObject({
  guardian: Guardian,
  bestInterests: z
    .strictObject({
      decision: code(['return', 'no-return', 'pending'], 'What was decided.'),
      decidedBy: label('Authority that decided.'),
      decidedOn: date('When.').optional(),
      reviewBy: date('When it is looked at again.').optional(),
      reasons: text('Reasons, short.').optional(),
    })
    .describe('Best-interests decision (CoE Convention, Article 16(7)).'),
  heardOn: date('When the child was last heard, alone and in the own language.'),
  views: text("The child's views, in the child's words."),
  wishes: text("The child's wishes.").optional(),
  agreesToReturn: code(ANSWERS, "The child's own yes or no; a no stops the return."),
  familyAssessment: z
    .strictObject({
      result: code(['safe', 'safe-with-support', 'not-safe', 'pending'], 'Result.'),
      familyInvolvement: code(
        ['none-known', 'possible', 'known', 'not-known'],
        'Whether family took part; unless none is known, parents receive nothing.',
      ),
      doneBy: label('Who did it.').optional(),
      doneOn: date('When.').optional(),
    })
    .describe('Assessment of the family.'),
  careArrangement: code(
    ['parents', 'kinship', 'foster', 'small-group-home', 'supported-living', 'pending'],
    'Where the child will live.',
  ),
  receivingCaregiver: z
    .strictObject({
      name: label('Name.'),
      relation: label('Relation to the child.'),
      phone: phone('Phone, E.164.'),
      identityCheck: text('How the identity is checked at the meeting.'),
    })
    .describe('The child is handed over only to this person.'),
  receivingAuthority: callable('Child-protection authority at the destination.'),
  schoolPlace: z
    .strictObject({
      status: code(['confirmed', 'applied-for', 'wanted', 'not-wanted', 'not-asked'], 'Status.'),
      school: label('School.').optional(),
      from: date('First day.').optional(),
    })
    .describe('Place at a school.'),
  escort: callable('Who travels with the child.').optional(),
});
export type Child = z.infer<typeof Child>;
