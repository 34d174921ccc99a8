// What the person needs: every domain is asked, and each answer is the person's.
import { z } from 'zod';

import { code, date, text } from './fields.ts';

const NEED_ANSWERS = ['now', 'later', 'no', 'not-asked', 'declines-to-say'] as const;

const need = (description: string) => code(NEED_ANSWERS, description);

export const Needs = z.strictObject({
  assessedOn: date('When it was talked about.'),
  withPerson: z.boolean().describe('Whether it was done with the person, in the own language.'),
  domains: z
    .strictObject({
      accommodation: need('A place to live.'),
      safety: need('Safety from others.'),
      health: need('Medical care, vision and dental too.'),
      mentalHealth: need('Mental health and psychosocial support.'),
      substanceUse: need('Support with substance use.'),
      legal: need('Legal help, claims and proceedings.'),
      immigration: need('Residence and papers to stay.'),
      documents: need('Identity and civil documents.'),
      education: need('School, language, life skills.'),
      livelihood: need('Training, work, own income.'),
      material: need('Food, clothing, hygiene, cash.'),
      family: need('Tracing, mediation, reunification, parenting.'),
      childcare: need('Care for own children.'),
      interpretation: need('Interpretation.'),
      peerSupport: need('Support by people with lived experience.'),
    })
    .describe('One answer for each domain.'),
  inOwnWords: text("The person's own words about it.").optional(),
});
