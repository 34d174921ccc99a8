// The seven outcomes that survivors named (MSCOS), each rated on its own.
import { z } from 'zod';

import { code } from './fields.ts';

export const OUTCOME_NAMES = [
  'housing',
  'safety',
  'consistentSupport',
  'compassionateServices',
  'purpose',
  'medicalTreatment',
  'education',
] as const;
export type OutcomeName = (typeof OUTCOME_NAMES)[number];

const OUTCOME_RATINGS = [1, 2, 3, 4, 'not-applicable', 'not-asked', 'declined'] as const;

const rated = (description: string) =>
  z
    .strictObject({
      rating: z
        .literal(OUTCOME_RATINGS)
        .describe('1 crisis, 2 vulnerable, 3 stable, 4 thriving, or why there is no rating.'),
      ratedBy: code(
        ['survivor', 'worker', 'both'],
        'Who rated it; left out when nobody did.',
      ).optional(),
    })
    .superRefine(({ rating, ratedBy }, ctx) => {
      if (typeof rating !== 'number' || ratedBy !== undefined) return;
      ctx.addIssue({
        code: 'custom',
        path: ['ratedBy'],
        message: 'is missing for a rating',
        params: { remedy: 'Write survivor, worker or both.' },
      });
    })
    .describe(description);

export const Outcomes = z
  .strictObject({
    housing: rated('Secure and suitable housing.'),
    safety: rated('Safety from any trafficker or other abuser.'),
    consistentSupport: rated('Long-term, consistent support.'),
    compassionateServices: rated('Compassionate, trauma-informed services.'),
    purpose: rated('Purpose in life and self-actualisation.'),
    medicalTreatment: rated('Access to medical treatment.'),
    education: rated('Access to education.'),
  } satisfies Record<OutcomeName, z.ZodType>)
  .describe('The seven outcomes.');
