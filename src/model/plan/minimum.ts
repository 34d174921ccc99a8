// The minimum set: all that a partner learns before it accepts. Strict, so that
// nothing else can ride along; the last three only by the person's choice.
import { z } from 'zod';

import { answer, code, dateWindow, language, list, RISK_LEVELS, service } from './fields.ts';

const AGE_BANDS = ['under-12', '12-15', '16-17', '18-24', '25-39', '40-59', '60-or-over'] as const;

const CHILD_BANDS: ReadonlySet<string> = new Set(['under-12', '12-15', '16-17']);

/** The fields alone; `Minimum` holds the rule between them too. */
export const MinimumFields = z.strictObject({
  priority: code(
    ['emergency', 'urgent', 'normal'],
    'How soon an answer is needed: 24 hours and a phone call, 72 hours, 14 days.',
  ),
  services: list(service('Service code.'), 'Services that are asked for.').min(1),
  child: code(
    ['yes', 'no', 'in-doubt'],
    'Whether the person is under 18. In doubt counts as a child (CoE Convention, Article 10(3)).',
  ),
  ageBand: code(AGE_BANDS, 'Age band, if it helps to find the right place.').optional(),
  language: language('Language that the person prefers, BCP 47.'),
  interpreter: code(
    ['not-needed', 'any', 'woman', 'man', 'not-asked', 'declines-to-say'],
    'Whether an interpreter is wanted, and whom the person would rather have.',
  ),
  status: code(
    ['possible', 'actual'],
    'Possible is enough; formal identification is never required.',
  ),
  accompanyingChildrenAges: list(
    z.int().min(0).max(17).describe('Age in whole years.'),
    'Ages of the children who travel along; empty for none.',
  ),
  riskLevel: code(RISK_LEVELS, 'Level of risk; not-known is treated as high.'),
  window: dateWindow('When the services should begin.'),
  placementWish: code(
    ['women', 'men', 'any', 'lgbtq-safe', 'declines-to-say'],
    'With whom the person wishes to live. Only if the person wants it said.',
  ).optional(),
  stepFree: answer('Step-free place needed. Only if the person wants it said.').optional(),
  medicalLevel: code(
    ['none', 'routine', 'ongoing-treatment', 'urgent'],
    'How much medical care the place must have. Only if the person wants it said.',
  ).optional(),
});

export const Minimum = MinimumFields.superRefine(({ child, ageBand }, ctx) => {
  if (ageBand === undefined) return;
  if (child === 'in-doubt' || (child === 'yes') === CHILD_BANDS.has(ageBand)) return;
  ctx.addIssue({
    code: 'custom',
    path: ['ageBand'],
    message: 'does not fit the answer to `child`',
    params: { remedy: 'Correct one of the two; write in-doubt for `child` if it is not sure.' },
  });
});
export type Minimum = z.infer<typeof Minimum>;

/** Age in doubt counts as child. */
export function isChild(minimum: Pick<Minimum, 'child'>): boolean {
  return minimum.child !== 'no';
}

/** Not known is treated as high. */
export function isHighRisk(minimum: Pick<Minimum, 'riskLevel'>): boolean {
  return minimum.riskLevel === 'high' || minimum.riskLevel === 'not-known';
}

/** High risk and children: two people release (domain rules for safety, 10). */
export function needsSecondPerson(minimum: Pick<Minimum, 'child' | 'riskLevel'>): boolean {
  return isChild(minimum) || isHighRisk(minimum);
}
