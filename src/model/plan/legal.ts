// Residence, proceedings, claims and what else the law may ask, in both
// countries. Proceedings and claims go on after return.
import { z } from 'zod';

import { ANSWERS, code, country, date, label, list, money, phone, text } from './fields.ts';

const RightToStay = z
  .strictObject({
    country: country('ISO 3166-1 alpha-2.'),
    kind: code(
      [
        'citizen',
        'reflection-period',
        'residence-permit',
        'visa',
        'asylum-applicant',
        'protected',
        'tolerated',
        'none',
        'not-known',
      ],
      'Kind of right to stay.',
    ),
    until: date('Last day.').optional(),
  })
  .describe('Right to stay in one country.');

const Proceeding = z
  .strictObject({
    country: country('ISO 3166-1 alpha-2.'),
    kind: code(['criminal', 'civil', 'labour', 'asylum', 'family', 'administrative'], 'Kind.'),
    role: code(
      ['injured-party', 'witness', 'claimant', 'applicant', 'respondent', 'accused', 'other'],
      "The person's role in it.",
    ),
    reference: label("Court's or office's reference.").optional(),
    lawyer: z
      .strictObject({
        name: label('Name.'),
        phone: phone('Phone, E.164.').optional(),
        address: label('E-mail or postal address.').optional(),
      })
      .describe('The lawyer.')
      .optional(),
    nextDate: date('Next date.').optional(),
    mustReturn: code(['yes', 'no', 'not-known'], 'Whether the person must come back for it.'),
    remoteTestimony: code(
      ['not-needed', 'possible', 'requested', 'granted', 'refused', 'not-known'],
      'Whether the person can be heard from afar.',
    ),
  })
  .describe('One proceeding.');

const Claim = z
  .strictObject({
    country: country('ISO 3166-1 alpha-2.'),
    route: code(
      [
        'criminal-proceedings',
        'civil-court',
        'labour-court',
        'labour-inspection',
        'state-fund',
        'settlement',
        'other',
      ],
      'Where it is claimed.',
    ),
    about: code(['unpaid-wages', 'harm', 'costs', 'other'], 'What it is for.'),
    status: code(
      ['not-started', 'advised', 'filed', 'awarded', 'paid-partly', 'paid', 'rejected', 'appealed'],
      'Where it stands.',
    ),
    amount: money('Amount claimed or awarded.').optional(),
    deadline: date('Day by which something must be done.').optional(),
    deadlineFor: text('What must be done by then.').optional(),
    safePayout: text('How it can be paid out safely, and to whom never.').optional(),
  })
  .describe('One claim.');

const Burden = z
  .strictObject({
    country: country('ISO 3166-1 alpha-2.'),
    kind: code(['fine', 'warrant', 'criminal-record', 'debt', 'exit-offence'], 'Kind.'),
    status: code(['open', 'challenged', 'cleared', 'not-known'], 'Where it stands.'),
    remark: text('More about it.').optional(),
  })
  .describe('One burden (CoE Convention, Article 26: nobody is punished for acts forced on them).');

export const Legal = z.strictObject({
  rightsToStay: list(RightToStay, 'Right to stay in each country.'),
  reentryBan: z
    .strictObject({
      answer: code(ANSWERS, 'Whether there is one.'),
      country: country('Country that it is for.').optional(),
      until: date('Last day.').optional(),
    })
    .describe('Ban on coming back.'),
  proceedings: list(Proceeding, 'Proceedings.'),
  compensation: list(Claim, 'Compensation and wages.'),
  burdens: list(Burden, 'Fines, warrants, records, debts and exit offences in both countries.'),
  askedInBothCountries: z.boolean().describe('Whether burdens were asked for in both countries.'),
});
