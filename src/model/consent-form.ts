// The form that is filled in with a person: what was told and how, and one answer
// for each question. Nothing in it is chosen before; what is left empty is a no.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES, STAGES } from './codes.ts';
import { limits } from './limits.ts';
import { entityId } from './message.ts';
import { Consent } from './plan/consent.ts';
import {
  code,
  country,
  date,
  dateTime,
  label,
  language,
  list,
  sha256Hex,
  text,
} from './plan/fields.ts';

const WAIT_REASONS = ['tired', 'in-shock', 'under-the-influence', 'detained', 'pressed'] as const;

const yesNo = (description: string) => code(['yes', 'no'], description).nullable();
const receipt = Consent.shape;

export const ConsentForm = z.strictObject({
  srxConsentForm: z.literal(1, 'Write 1.').describe('Version of this format: 1.'),
  requestId: z.uuid('Leave it as srx consent ask wrote it.').describe('Id of the question.'),
  localCode: label('Local code of the case.'),
  recipient: entityId.describe(
    'Entity id of exactly one organisation; never "partners" or "others".',
  ),
  textDigest: sha256Hex('Digest of the exact text that was read to the person.'),
  textLocale: language('Locale of that text.'),
  answeredAt: dateTime('When the person answered.').nullable(),
  language: language('Language in which it was talked about, BCP 47.').nullable(),
  told: z
    .strictObject({
      ownDutiesToReport: text('What we must report by law, as it was told.').nullable(),
      theirDutiesToReport: text('What they must report by law, as it was told.').nullable(),
      dangerGoesAlong: yesNo('Told that danger goes with every package.'),
      refusalChangesNothing: yesNo('Told that a no changes nothing in the help.'),
      safetySearch: yesNo('Told what stays usable for a safety search after the end.'),
      toldBack: yesNo('The person told in their own words what it means.'),
      nobodyLinkedThere: yesNo('Nobody linked to a trafficker was there.'),
    })
    .describe('What was told, before the questions.'),
  capacity: z
    .strictObject({
      able: code(
        ['able', 'wait'],
        'Adults are presumed able; wait where a reason holds.',
      ).nullable(),
      waitReasons: list(code(WAIT_REASONS, 'Why it waits.'), 'Reasons to wait.'),
      order: z
        .strictObject({
          authority: label('Court or authority.'),
          reference: label('Reference of its order.'),
          country: country('Its country.'),
          date: date('Date of the order.'),
        })
        .describe('Only if a court or authority ordered that somebody else decides.')
        .nullable(),
    })
    .describe('Whether the person can decide now.'),
  interpreter: z
    .strictObject({
      needed: yesNo('Whether one is needed.'),
      independent: yesNo('Not family, community, employer or consulate.'),
      code: label('Code of the interpreter; never the name.').nullable(),
      language: language('Language, BCP 47.').nullable(),
      confidentialityPromised: yesNo('Bound to keep it to themselves.'),
    })
    .describe('No interpreter where one is needed: no consent, so it waits.'),
  givenBy: code(['self', 'guardian-with-assent', 'by-order'], 'Who answered.').nullable(),
  childAssent: text("The child's own yes, in the child's words.").nullable(),
  form: receipt.form.nullable(),
  expectedArrival: date('Day of arrival, as planned; the ends count from it.').nullable(),
  law: z
    .strictObject({
      lawfulBasis: receipt.lawfulBasis.nullable(),
      article9Condition: label('Condition for special categories (GDPR, Article 9).').nullable(),
      article10Law: label('Law for data on offences (GDPR, Article 10).').nullable(),
      transferBasis: receipt.transferBasis.nullable(),
      missingProtection: text('What protection is missing there; told to the person.').nullable(),
      storageCountries: list(country('Country.'), 'Countries where it is stored.'),
      retention: receipt.retentionPeriod,
    })
    .describe('What the processing and the transfer stand on, apart from the yes.'),
  withheldFrom: receipt.withheldFrom,
  withdrawalMethod: receipt.withdrawalMethod,
  answers: z
    .array(
      z
        .strictObject({
          section: code(PERSONAL_SECTIONS, 'Name of a section.'),
          stage: code(STAGES, 'When in the referral.'),
          purpose: code(PURPOSES, 'What for.'),
          direction: code(['to-recipient', 'from-recipient'], 'Which way it goes.'),
          answer: yesNo('What the person said; empty is a no.'),
          until: dateTime('Last moment of a yes.').nullable(),
        })
        .describe('One question.'),
    )
    .min(1)
    .max(limits.consentQuestionsMax)
    .describe('One answer for each question.'),
});
export type ConsentForm = z.infer<typeof ConsentForm>;
