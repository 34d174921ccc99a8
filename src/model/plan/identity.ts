// Who the person is. Whatever an authority could search for is there only with
// the service that cannot be given without it.
import { z } from 'zod';

import { country, date, label, list, service } from './fields.ts';

const neededFor = service('The service that cannot be given without it.');

export const Identity = z.strictObject({
  preferredName: label('What the person wants to be called.'),
  pronouns: label('As the person chose; never assumed.').optional(),
  legalName: z
    .strictObject({ value: label('Name as in the documents.'), neededFor })
    .describe('Legal name, only where a service needs it.')
    .optional(),
  birthDate: z
    .strictObject({ value: date('Date of birth, YYYY-MM-DD.'), neededFor })
    .describe('Date of birth, only where a service needs it.')
    .optional(),
  citizenship: z
    .strictObject({
      value: list(country('ISO 3166-1 alpha-2.'), 'Citizenships; empty for a stateless person.'),
      neededFor,
    })
    .describe('Citizenship, only where a service needs it.')
    .optional(),
  documentNumber: z
    .strictObject({
      value: label('Number as printed.'),
      kind: label('Kind of document.'),
      issuedBy: country('Issuing country, ISO 3166-1 alpha-2.'),
      neededFor,
    })
    .describe('Number of one document, only where a service needs it.')
    .optional(),
});
