// What a follow-up tells. Only "in contact, yes or no" is the default; safety,
// services and outcomes are each a yes of their own.
import { z } from 'zod';

import { code, date, list, service, text } from './fields.ts';
import { Outcomes } from './outcomes.ts';

export const Report = z.strictObject({
  dueOn: date('When it was due.').optional(),
  doneOn: date('When it was done.'),
  mode: code(
    ['in-person', 'phone', 'messaging', 'video', 'via-other-worker', 'no-contact'],
    'How it was done.',
  ),
  personAgreed: z.boolean().describe('Whether the person agreed to this report.'),
  inContact: code(['yes', 'no'], 'Whether there is contact; a no is never called missing.'),
  safety: code(
    ['safe', 'concern', 'danger'],
    'State of safety; danger asks for a new assessment.',
  ).optional(),
  services: list(
    z
      .strictObject({
        code: service('Service code.'),
        status: code(
          [
            'not-started',
            'waitlist',
            'started',
            'done',
            'stopped-by-person',
            'stopped-by-provider',
          ],
          'Where it stands.',
        ),
      })
      .describe('One service.'),
    'Status of the services.',
  ).optional(),
  outcomes: Outcomes.optional(),
  planChanged: z.boolean().describe('Whether the plan changed.').optional(),
  remark: text('Anything that the person wants told.').optional(),
  nextDueOn: date('When the next is due; left out if the person wants none.').optional(),
});
