// Data may be in wrong hands: which kind, since when, who may hold it.
import { z } from 'zod';

import { PERSONAL_SECTIONS } from '../codes.ts';
import { code, dateTime, list, text } from './fields.ts';

export const HOLDERS = [
  'known-organisation',
  'known-person',
  'public',
  'suspected-trafficker',
  'not-known',
] as const;

export const Breach = z.strictObject({
  kinds: list(code(PERSONAL_SECTIONS, 'Section.'), 'Which sections are concerned.').min(1),
  since: dateTime('Since when.'),
  learntAt: dateTime('When it was learnt; told within 24 hours.'),
  holders: code(HOLDERS, 'Who may hold it.'),
  measures: list(text('One measure.'), 'What was done; no names.'),
});
