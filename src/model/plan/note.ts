// Free text, where no other section fits: a question, an answer, a word along.
import { z } from 'zod';

import { limits } from '../limits.ts';
import { text } from './fields.ts';

export const Note = z.strictObject({
  text: text('The note.', limits.noteCharsMax),
});
