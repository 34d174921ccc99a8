// The meeting: who stands where, and what happens if the person does not come.
// Only the named worker sees it; purged seven days after arrival.
import { z } from 'zod';

import { callable, code, dateTime, label, list, phone, text } from './fields.ts';

const IfNotThere = z
  .strictObject({
    afterMinutes: z
      .int()
      .min(0)
      .max(48 * 60)
      .describe('How long to wait from the real arrival, in minutes; 0 for a child.'),
    call: list(callable('Whom to call.'), 'Whom to call, in this order.').min(1),
    neverCall: list(label('Whom never to call.'), 'Whom never to call or tell.'),
    tellAuthority: code(
      ['no', 'only-when'],
      'Whether an authority may be told. Default: no.',
    ).default('no'),
    tellAuthorityWhen: text('If and when, as the person said; for only-when.').optional(),
  })
  .superRefine((rule, ctx) => {
    if (rule.tellAuthority === 'no' || rule.tellAuthorityWhen !== undefined) return;
    ctx.addIssue({
      code: 'custom',
      path: ['tellAuthorityWhen'],
      message: 'is missing',
      params: { remedy: 'Say which authority and when, as the person said, or answer no.' },
    });
  })
  .describe('What to do if the person is not there.');

export const Arrival = z.strictObject({
  where: text('The exact meeting place.'),
  when: dateTime('Planned time of arrival, with zone.'),
  carrier: label('Flight, train or bus, where its delay can be looked up.').optional(),
  metBy: z
    .strictObject({
      name: label('Name of the one who meets the person.'),
      role: label('Role.'),
      phone: phone('Phone at the meeting place, E.164.'),
      knownBy: text('How the person knows them.').optional(),
    })
    .describe('By whom the person is met.'),
  codeWord: label('The word that both say.'),
  onwardTo: text('Where they go from there.').optional(),
  ifNotThere: IfNotThere,
});
