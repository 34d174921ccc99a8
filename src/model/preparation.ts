// What must be true before a person is asked and before anything leaves, as the
// caseworker wrote it down. Facts about the process: no part of it ever travels.
import { z } from 'zod';

import { limits } from './limits.ts';
import { answer, code, date, language, list } from './plan/fields.ts';

export const Preparation = z.strictObject({
  reflection: z
    .strictObject({
      toldOn: date('Day on which the person was told of the time to recover and reflect.'),
      language: language('Language in which it was told, BCP 47.'),
      days: z
        .int()
        .min(limits.reflectionDaysMin)
        .max(limits.reflectionDaysMax)
        .describe('Length in days: 30, or longer where the national law says so.'),
      begunByPerson: z
        .strictObject({
          on: date('Day on which the person asked, by themselves.'),
          askedFor: code(
            ['contact', 'return'],
            'What the person asked for: contact with a partner, or all of the return.',
          ),
        })
        .describe('Only where the person began it, unasked; it never shortens the time of a child.')
        .optional(),
    })
    .describe('Time to recover and reflect (CoE Convention, Article 13).')
    .optional(),
  decidedFreely: answer(
    'Whether the person said, alone with the worker, that nobody presses them to go.',
  ).optional(),
  waitBecause: list(
    code(['tired', 'in-shock', 'under-the-influence', 'pressed'], 'One reason to wait.'),
    'Why the person should not be asked now. Adults are presumed able; this only means wait.',
  ).optional(),
  removal: z
    .strictObject({
      order: code(
        ['none', 'suspended', 'in-force', 'not-known'],
        'Whether an authority ordered the removal of the person.',
      ),
      detained: code(['no', 'yes', 'not-known'], 'Whether the person is held by an authority.'),
      toldOf: list(
        code(['lawyer', 'suspension', 'identification', 'asylum'], 'One way to stop a removal.'),
        'What the person was told of before anything else.',
      ).optional(),
      wantsToBeMet: answer('Whether the person wants to be met on arrival.').optional(),
    })
    .describe('Whether the person is made to go.')
    .optional(),
  turns18On: date('Eighteenth birthday, where section identity has no birth date.').optional(),
});
export type Preparation = z.infer<typeof Preparation>;
