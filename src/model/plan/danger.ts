// What could kill or gravely harm someone. Goes with every package, and the
// person is told so before deciding.
import { z } from 'zod';

import { code, date, list, text } from './fields.ts';

export const Danger = z.strictObject({
  dangers: list(
    z
      .strictObject({
        what: text('What could happen, and to whom.'),
        degree: code(['life', 'grave-harm'], 'How bad it would be.'),
        doNot: list(text('One thing not to do.'), 'What not to do.').min(1),
        doInstead: text('What to do instead.').optional(),
      })
      .describe('One danger.'),
    'Dangers; empty only when the person and the worker know of none.',
  ),
  confirmedOn: date('When the person last confirmed it.'),
});
