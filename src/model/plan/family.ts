// Family, kept small: no third party's name without a basis of its own.
import { z } from 'zod';

import { answer, code, label, list, text } from './fields.ts';

const RELATIONS = [
  'mother',
  'father',
  'sibling',
  'partner',
  'former-partner',
  'child',
  'grandparent',
  'other-relative',
  'guardian',
] as const;

export const Family = z.strictObject({
  contactWanted: answer('Whether the person wants contact with family.'),
  tracingWanted: answer('Whether the person wants someone found.'),
  members: list(
    z
      .strictObject({
        relation: code(RELATIONS, 'Relation to the person.'),
        contact: code(
          ['wanted', 'only-via-person', 'not-wanted', 'unsafe', 'not-asked'],
          'Whether and how they may be contacted.',
        ),
        knowsOfReturn: answer('Whether they know of the return.').optional(),
        name: z
          .strictObject({
            value: label('Name.'),
            basis: code(
              ['own-consent', 'parental-responsibility', 'legal-duty'],
              'Basis for writing down the name of a third party.',
            ),
          })
          .describe('Name, only with a basis of its own.')
          .optional(),
        remark: text('More about it.').optional(),
      })
      .describe('One member of the family.'),
    'Members of the family who matter for the return.',
  ),
  childrenAlong: list(
    z
      .strictObject({
        ageYears: z.int().min(0).max(17).describe('Age in whole years.'),
        ownCheck: code(
          ['done', 'planned', 'not-done'],
          "The child's own check of safety and wishes.",
        ),
        remark: text('More about it.').optional(),
      })
      .describe('One child.'),
    'Children who travel along; each gets a check of its own.',
  ),
  adultsAlong: list(
    z
      .strictObject({
        relation: code(RELATIONS, 'Relation to the person.'),
        seenAlone: z.boolean().describe('Whether they were seen alone.'),
        consentedAlone: z.boolean().describe('Whether they consented by themselves.'),
      })
      .describe('One adult.'),
    'Adults who travel along; each is seen and consents alone.',
  ),
  dependantsAtDestination: text('Who waits there and depends on the person.').optional(),
});
