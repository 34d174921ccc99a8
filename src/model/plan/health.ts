// What a helper must know to keep the person well. HIV and STI results have no
// field here: they go only by a grant of their own, which one yes to `health`
// must never imply; until such a section exists they stay outside SRX.
import { z } from 'zod';

import { answer, code, date, label, list, text } from './fields.ts';

export const Health = z.strictObject({
  urgentNeeds: list(text('One urgent need.'), 'Needs that cannot wait.'),
  medication: list(
    z
      .strictObject({
        name: label('Name of the medicine.'),
        dose: label('Dose and times.').optional(),
        daysLeft: z.int().min(0).max(365).describe('For how many days it lasts.'),
        prescription: answer('Whether a prescription goes along.').optional(),
      })
      .describe('One medicine.'),
    'Medication.',
  ),
  allergies: list(label('One allergy.'), 'Allergies.'),
  pregnancy: answer('Pregnancy.'),
  pregnancyDueOn: date('Expected date of birth, if the person wants it said.').optional(),
  disability: list(
    z
      .strictObject({
        need: text('What is harder.'),
        support: text('What helps.').optional(),
      })
      .describe('One need.'),
    'Disability, as needs and what helps.',
  ),
  mentalHealthUrgency: code(
    ['now', 'soon', 'none', 'not-asked', 'declines-to-say'],
    'How soon mental-health care is needed.',
  ),
});
