// Documents that exist and could follow: what kind, not what is in them.
import { z } from 'zod';

import { code, label, language, list, sha256Hex } from './fields.ts';

export const Documents = z.strictObject({
  items: list(
    z
      .strictObject({
        type: code(
          [
            'identity',
            'travel',
            'civil-status',
            'medical',
            'court',
            'power-of-attorney',
            'employment',
            'education',
            'consent-form',
            'best-interests-decision',
            'other',
          ],
          'Type of document.',
        ),
        title: label('Title, short.').optional(),
        language: language('Language, BCP 47.'),
        digest: sha256Hex('SHA-256 of the document, made for this partner alone, hex.'),
        translated: code(['yes', 'no', 'not-needed'], 'Whether a translation is there.'),
      })
      .describe('One document.'),
    'Documents.',
  ),
});
