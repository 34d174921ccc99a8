// The service plan itself: goals in the person's words, and who does what.
import { z } from 'zod';

import { code, date, label, list, money, service, text } from './fields.ts';
import { OUTCOME_NAMES } from './outcomes.ts';

const PlannedService = z
  .strictObject({
    code: service('Service code.'),
    status: code(
      ['wanted', 'waitlist', 'agreed', 'started', 'done', 'stopped'],
      'Where it stands.',
    ),
    provider: label('Who provides it.').optional(),
    from: date('First day.').optional(),
    to: date('Last day.').optional(),
    cost: money('What it costs the person; 0 for nothing.').optional(),
    remark: text('Anything else about it.').optional(),
  })
  .describe('One service.');

export const Plan = z.strictObject({
  version: z.int().min(1).max(9999).describe('Version of the plan; each revision adds one.'),
  agreedOn: date('When the person agreed to this version.'),
  goals: list(
    z
      .strictObject({
        words: text("The goal in the person's own words."),
        outcome: code(OUTCOME_NAMES, 'Outcome that it serves (MSCOS).'),
        target: z
          .literal([2, 3, 4], 'Write 2 (vulnerable), 3 (stable) or 4 (thriving).')
          .describe('Level that the person aims at: 2 vulnerable, 3 stable, 4 thriving.'),
      })
      .describe('One goal.'),
    'Goals, the most important first.',
  ),
  services: list(PlannedService, 'Services.'),
  first90Days: z
    .strictObject({
      paid: code(['yes', 'partly', 'not-known'], 'Whether the first 90 days are paid for.'),
      how: text('How, in words.').optional(),
    })
    .describe('How the first 90 days are paid, or that it is unknown.'),
});
