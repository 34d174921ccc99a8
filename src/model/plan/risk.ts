// One side's assessment of risk: region, kind of source, what can be done
// there. No names: both sides write one and read the other's.
import { z } from 'zod';

import { answer, code, date, dateTime, label, list, RISK_LEVELS, SIDES, text } from './fields.ts';

const scale = (description: string) => z.int().min(1).max(5).describe(description);

const RiskItem = z
  .strictObject({
    source: code(
      [
        'trafficker',
        'network',
        'family',
        'partner',
        'community',
        'employer',
        'creditor',
        'state',
        'self',
        'other',
        'not-known',
      ],
      'Kind of source; never a name.',
    ),
    type: code(
      [
        're-trafficking',
        'retaliation',
        'violence-at-home',
        'threat-to-family',
        'arrest-or-prosecution-on-return',
        'debt',
        'stigma',
        'homelessness',
        'self-harm',
        'health',
        'harm-to-workers',
        'other',
      ],
      'Kind of harm; workers count too.',
    ),
    level: code(RISK_LEVELS, 'Level; not-known is treated as high.'),
    likelihood: scale('1 unlikely to 5 almost certain.'),
    severity: scale('1 slight to 5 deadly.'),
    mitigation: text('What is done about it.'),
    owner: label('Who does it: a role, not a name.'),
    reviewBy: date('When it is looked at again.'),
  })
  .describe('One risk.');

export const Risk = z.strictObject({
  assessedOn: dateTime('When it was assessed.'),
  assessedBy: label('Role of the assessor, not a name.'),
  side: code(SIDES, 'Which organisation assessed it.'),
  region: label('Country and first-level area that it is about.'),
  level: code(RISK_LEVELS, 'Overall level; not-known is treated as high.'),
  items: list(RiskItem, 'Risks, the gravest first.'),
  ownConcerns: list(text('One concern.'), "The person's own concerns."),
  protectiveFactors: list(text('One factor.'), 'What protects the person.'),
  safetyPlanAgreed: answer('Whether a safety plan was agreed with the person.'),
});
export type Risk = z.infer<typeof Risk>;
