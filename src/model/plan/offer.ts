// The answer to a request, service by service, with the rules of the house: the
// person hears them before deciding.
import { z } from 'zod';

import { code, date, list, money, service, text } from './fields.ts';

const freedom = (description: string) => code(['yes', 'with-limits', 'no'], description).optional();

/** Where a person would live, these are told with the offer. */
const HOUSE_RULES = ['mayGoOut', 'keepPhone', 'leaveWhenWanted'] as const;

const ServiceAnswer = z
  .strictObject({
    code: service('Service code.'),
    answer: code(['offered', 'partly', 'not-offered', 'waitlist'], 'The answer.'),
    freeOfAuthorities: z
      .boolean()
      .describe(
        'Given whatever the person does or does not do for any authority. ' +
          'A service that is not counts as not offered (CoE Convention, Article 12(6)).',
      ),
    start: date('First day.').optional(),
    lengthDays: z.int().min(1).max(3660).describe('For how many days.').optional(),
    cost: money('What it costs the person; 0 for nothing.').optional(),
    mayGoOut: freedom('Whether the person may go out.'),
    keepPhone: freedom('Whether the person keeps the phone.'),
    leaveWhenWanted: freedom('Whether the person may leave for good at any time.'),
    condition: text('Any condition, and every limit that was named above.').optional(),
  })
  .superRefine((offer, ctx) => {
    if (offer.answer !== 'not-offered' && !offer.freeOfAuthorities) {
      ctx.addIssue({
        code: 'custom',
        path: ['answer'],
        message:
          'cannot be given for a service that depends on what the person does for an authority',
        params: { remedy: 'Answer not-offered, or give the service without that condition.' },
      });
    }
    const lived = offer.code.startsWith('accommodation.');
    if (!lived || (offer.answer !== 'offered' && offer.answer !== 'partly')) return;
    for (const rule of HOUSE_RULES) {
      if (offer[rule] !== undefined) continue;
      ctx.addIssue({
        code: 'custom',
        path: [rule],
        message: 'is missing for a place to live',
        params: { remedy: 'Answer yes, with-limits or no.' },
      });
    }
  })
  .describe('The answer for one service.');

export const Offer = z.strictObject({
  services: list(ServiceAnswer, 'One answer for each service that was asked for.').min(1),
});
