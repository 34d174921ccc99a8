// The consent receipt: fields of ISO/IEC TS 27560, and what the safety of a
// survivor asks besides. One receipt names one recipient.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES } from '../codes.ts';
import { limits } from '../limits.ts';
import { entityId } from '../message.ts';
import { READY_CODES } from '../ready/ready-codes.ts';
import {
  answer,
  code,
  country,
  dateTime,
  label,
  language,
  list,
  sha256Hex,
  text,
} from './fields.ts';

const organisation = (description: string) => entityId.describe(description);

/** A yes without this is not valid, so no other answer can be written down. */
const mustBeTrue = (description: string) =>
  z
    .literal(true, 'Without it the consent is not valid: wait, and ask again.')
    .describe(description);

const duration = (description: string) =>
  z
    .string()
    .regex(
      /^P([0-9]{1,3}Y)?([0-9]{1,3}M)?([0-9]{1,4}D)?$/,
      'Write a duration such as P12M or P30D.',
    )
    .min(3)
    .describe(description);

const ConsentEvent = z
  .strictObject({
    eventTime: dateTime('When it happened.'),
    validityDuration: duration('How long it holds, ISO 8601.').optional(),
    entityId: organisation('Organisation that recorded it.'),
    eventType: code(['explicit', 'implicit'], 'How the will was shown; a yes is always explicit.'),
    eventState: code(
      [
        'requested',
        'refused',
        'given',
        'renewed',
        'withdrawn',
        'revoked',
        'expired',
        'invalidated',
      ],
      'Withdrawn is by the person, revoked by someone else.',
    ),
  })
  .describe('One event in the life of the consent.');

export const Consent = z.strictObject({
  schemaVersion: z.literal('srx-consent-1').describe('Version of this record: srx-consent-1.'),
  recordId: z.uuid().describe('Id of this record, made for this recipient alone.').optional(),
  piiPrincipalId: z
    .uuid()
    .describe('Pseudonym of the person: the case code of this pair. The node fills it in.')
    .optional(),
  privacyNotice: label('Title and version of the notice that was given.'),
  language: language('Language in which it was talked about, BCP 47.'),
  purpose: code(PURPOSES, 'What the recipient may do with it.'),
  lawfulBasis: code(
    [
      'consent',
      'contract',
      'legal-obligation',
      'vital-interest',
      'public-task',
      'legitimate-interest',
    ],
    'Lawful basis of the transfer (GDPR, Article 6), recorded apart from the yes.',
  ),
  article9Condition: label('Condition for special categories (GDPR, Article 9).').optional(),
  article10Law: label('Law for data on offences (GDPR, Article 10).').optional(),
  transferBasis: code(
    ['within-area', 'adequacy', 'standard-clauses', 'explicit-consent-single-case'],
    'Basis of a transfer to another country.',
  ),
  missingProtection: text('What protection is missing there; told to the person.').optional(),
  piiInformation: z
    .array(z.enum(PERSONAL_SECTIONS).describe('Name of a section.'))
    .min(1)
    .max(PERSONAL_SECTIONS.length)
    .describe('Sections that the yes covers.'),
  piiControllers: list(
    z
      .strictObject({ entityId: organisation('Entity id.'), name: label('Name of it.') })
      .describe('One organisation.'),
    'Organisations that answer for the data.',
  ).min(1),
  storageLocations: list(country('ISO 3166-1 alpha-2.'), 'Countries where it is stored.'),
  retentionPeriod: duration('How long it is kept, ISO 8601.'),
  jurisdiction: country('Country whose law holds.'),
  recipientThirdParties: z
    .array(organisation('Entity id.'))
    .length(1)
    .describe('Exactly one recipient: an entity id, never "partners" or "others".'),
  withdrawalMethod: list(text('One way.'), 'How to take it back, as easily as it was given.').min(
    1,
  ),
  events: list(ConsentEvent, 'Events, oldest first.').min(1),
  direction: code(['to-recipient', 'from-recipient', 'both'], 'Which way the data go.'),
  withheldFrom: list(
    z
      .strictObject({
        who: label('From whom.'),
        why: text('Why, if the person wants it said.').optional(),
      })
      .describe('One person or body.'),
    'From whom it is withheld.',
  ),
  givenBy: code(['self', 'guardian-with-assent', 'by-order'], 'Who gave it.'),
  orderedBy: label("The court's or authority's order, where somebody else decided.").optional(),
  childAssent: text("The child's own yes, in the child's words; for a guardian's.").optional(),
  interpreter: z
    .strictObject({
      used: z.boolean().describe('Whether one was used.'),
      independent: answer('Not family, community, employer or consulate.').optional(),
      code: label('Code of the interpreter; never the name.').optional(),
      language: language('Language, BCP 47.').optional(),
      confidentialityPromised: z.boolean().describe('Bound to keep it to themselves.').optional(),
    })
    .describe('Interpreter. No interpreter where one is needed: no consent.'),
  understandingToldBack: mustBeTrue('The person told back what it means.'),
  accompaniedByNobodyLinked: mustBeTrue('Nobody linked to a trafficker was there.'),
  toldNoEffectOnHelp: mustBeTrue('Told that a no has no effect on help.'),
  toldDangerGoesAlong: mustBeTrue('Told that `danger` goes with every package.'),
  toldWhatMustBeReported: mustBeTrue('Told, before the questions, what each side must report.'),
  toldSafetySearch: mustBeTrue(
    'Told that `contact` and `danger` stay usable for a safety search after the end.',
  ),
  form: code(['signature', 'thumbprint', 'recorded', 'witnessed'], 'Form of the yes.'),
  missingGates: list(
    code(READY_CODES, 'One condition.'),
    'What is missing before a short package, for a removal or detention. The node fills it in.',
  ).optional(),
  noticeDigest: sha256Hex('SHA-256 of the exact text that was shown, hex.'),
  noticeLocale: language('Locale of that text, BCP 47.'),
});
export type Consent = z.infer<typeof Consent>;

type ConsentEvents = Pick<Consent, 'events'>;

/** Of two events at one time the later in the list. */
export function newestConsentEvent({
  events,
}: ConsentEvents): Consent['events'][number] | undefined {
  let newest: Consent['events'][number] | undefined;
  for (const event of events.slice(0, limits.listItemsMax)) {
    if (!newest || Date.parse(event.eventTime) >= Date.parse(newest.eventTime)) newest = event;
  }
  return newest;
}

/** The state after the newest event. */
export function consentState(
  consent: ConsentEvents,
): Consent['events'][number]['eventState'] | undefined {
  return newestConsentEvent(consent)?.eventState;
}
