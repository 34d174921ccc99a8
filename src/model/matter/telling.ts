// Whether somebody heard of it: when, or why not yet. Said of the person and of the
// other organisation, after a legal demand or a disclosure.
import { z } from 'zod';

import { code, dateTime, label } from '../plan/fields.ts';

export const WHOM = ['person', 'organisation'] as const;
export type Whom = (typeof WHOM)[number];

const UNTOLD = ['forbidden-by-law', 'not-safe', 'not-reached', 'nobody-concerned'] as const;

/** Either `told`, or `why` not and when it is looked at again. */
export const Telling = z
  .strictObject({
    told: dateTime('When it was heard.').optional(),
    why: code(UNTOLD, 'Why it was not told yet.').optional(),
    law: label('The law or order that forbids it, with its article.').optional(),
    until: dateTime('When it may be told, or is tried again.').optional(),
  })
  .superRefine(({ told, why, law, until }, ctx) => {
    const add = (field: string, message: string, remedy: string) =>
      ctx.addIssue({ code: 'custom', path: [field], message, params: { remedy } });
    if ((told === undefined) === (why === undefined)) {
      const message = told === undefined ? 'is missing' : 'stands beside a reason why not';
      add('told', message, 'Write `told` with the time, or `why` it was not told.');
    }
    if (why === 'forbidden-by-law' && law === undefined) {
      add('law', 'is missing', 'Name the law or order that forbids it.');
    }
    if (why !== undefined && why !== 'nobody-concerned' && until === undefined) {
      add('until', 'is missing', 'Write when it may be told, or is tried again.');
    }
  });
export type Telling = z.infer<typeof Telling>;

/** A later entry: somebody was told after all. */
export const ToldLater = z.strictObject({
  whom: code(WHOM, 'Who heard of it.'),
  told: dateTime('When it was heard.'),
});
export type ToldLater = z.infer<typeof ToldLater>;

/** When it is looked at again; null where nothing waits. */
export function againAtMs({ told, until }: Telling): number | null {
  return told !== undefined || until === undefined ? null : Date.parse(until);
}
