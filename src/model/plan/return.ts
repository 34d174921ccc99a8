// Why and how the person goes. A removal is never called a wish.
import { z } from 'zod';

import { answer, code, country, date, dateWindow, label, list, text } from './fields.ts';

const RETURN_BASES = [
  'own-wish',
  'permit-expired',
  'protection-ended',
  'removal-ordered',
  'transfer-to-another-state',
  'detention',
  'other',
] as const;

export const Return = z.strictObject({
  basis: code(RETURN_BASES, 'The true reason.'),
  basisNote: text('More about it.').optional(),
  fromCountry: country('Country that the person leaves, ISO 3166-1 alpha-2.'),
  toCountry: country('Country of arrival, ISO 3166-1 alpha-2.'),
  toRegion: label('First-level area of arrival.').optional(),
  optionsExplained: list(
    z
      .strictObject({
        option: code(
          ['legal-residence', 'asylum', 'remaining-without-papers', 'return', 'another-country'],
          'The option.',
        ),
        explainedOn: date('When it was explained.'),
        consequencesUnderstood: answer('Whether the person told back what would follow.'),
      })
      .describe('One option.'),
    'Options that were explained, each with what would follow.',
  ),
  documents: list(
    z
      .strictObject({
        kind: code(
          [
            'passport',
            'identity-card',
            'emergency-travel-document',
            'visa',
            'birth-certificate',
            'other',
          ],
          'Kind of document.',
        ),
        status: code(['held', 'applied-for', 'withheld', 'expired', 'missing'], 'Where it stands.'),
        validUntil: date('Last day of validity.').optional(),
      })
      .describe('One travel document; no numbers here.'),
    'Documents for the journey.',
  ),
  mode: code(['air', 'land', 'sea', 'mixed', 'not-decided'], 'How the person travels.'),
  window: dateWindow('When; no exact flight before the arrival is planned.'),
  escort: code(
    ['not-wanted', 'wanted', 'arranged', 'not-asked', 'declines-to-say'],
    'Someone who travels along.',
  ),
  fitToTravel: code(['yes', 'no', 'with-conditions', 'not-assessed'], 'As a clinician found.'),
  fitToTravelOn: date('When that was found.').optional(),
});
