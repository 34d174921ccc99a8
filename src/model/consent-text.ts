// The exact words that are read to a person before she answers. They name both
// organisations, so that the digests of two partners differ.
import { z } from 'zod';

import { limits } from './limits.ts';
import { label, language, sha256Hex } from './plan/fields.ts';

export const ShownText = z.strictObject({
  version: label('Version of the standard text.'),
  locale: language('Locale of the text, BCP 47.'),
  /** Who read a translation again; none for the standard text. */
  reviewedBy: label('Who reviewed the translation.').optional(),
  shown: z.string().min(1).max(limits.noteCharsMax).describe('The exact text.'),
  digest: sha256Hex('SHA-256 of the exact text, hex.'),
});
export type ShownText = z.infer<typeof ShownText>;
