// The copy that the person takes along, as a machine file: the plan without what
// could lead somebody to her, who has what, and what was agreed.
import { z } from 'zod';

import { PERSONAL_SECTIONS, PURPOSES, ROLES, SECTIONS, STAGES } from './codes.ts';
import { DisclosureRecord } from './matter/disclosure.ts';
import { entityId } from './message.ts';
import { CopiedPlan } from './person-copy-plan.ts';
import { Consent } from './plan/consent.ts';
import { code, dateTime, label, text } from './plan/fields.ts';

const Organisation = z
  .strictObject({ organisation: entityId.describe('Entity id.'), name: label('Its name.') })
  .describe('One organisation.');

/** What a holder has of one section. */
export const HOLDINGS = [
  'may-be-read',
  'closed',
  'kept-under-law',
  'erased',
  'not-delivered',
] as const;

const HeldSection = z
  .strictObject({
    section: code(SECTIONS, 'Name of the section.'),
    state: code(HOLDINGS, 'May be read; closed; kept under a law; erased; never delivered.'),
    until: dateTime('Until when it may be read, or is kept.').optional(),
    law: text('The law under which it is kept.').optional(),
  })
  .describe('One section.');

const Opening = z
  .strictObject({
    organisation: entityId.describe('Where it was opened.'),
    role: code(ROLES, 'Role of the one who opened it.'),
    section: code([...SECTIONS, 'case'], 'What was opened; case is the whole local file.'),
    at: dateTime('When.'),
  })
  .describe('One opening. No names.');

const Answered = z
  .strictObject({
    sections: z.array(code(SECTIONS, 'Name.')).describe('What the no was about; empty for all.'),
    saidAt: dateTime('When the no was sent.'),
    answeredAt: dateTime('When the organisation answered; left out while it has not.').optional(),
  })
  .describe('One no, and the answer to it.');

const Holder = z
  .strictObject({
    ...Organisation.shape,
    sections: z.array(HeldSection).describe('What it has, or had.'),
    answers: z.array(Answered).describe('What it answered to each no, oldest first.'),
  })
  .describe('One organisation and what it has.');

const Cell = z
  .strictObject({
    section: code(PERSONAL_SECTIONS, 'Name of the section.'),
    stage: code(STAGES, 'When it may be used.'),
    purpose: code(PURPOSES, 'What for.'),
    direction: code(
      ['to-recipient', 'from-recipient'],
      'Whether it goes to the organisation or comes back from it.',
    ),
    answer: code(['yes', 'no'], 'The answer. What was not answered is a no.'),
    until: dateTime('When the yes ends.').optional(),
  })
  .describe('One answer.');

const Agreed = z
  .strictObject({
    recipient: Organisation,
    answers: z.array(Cell).describe('The newest answer to each question.'),
    receipt: Consent.describe('The consent receipt (ISO/IEC TS 27560).').optional(),
  })
  .describe('What was agreed with one recipient.');

const Told = z
  .strictObject({
    ...DisclosureRecord.shape,
    at: dateTime('When it was told.'),
  })
  .omit({ madeAt: true, demandId: true, adviceOffered: true, person: true })
  .describe('What a body outside was told, as far as the person has heard of it.');

export const PersonCopy = z.strictObject({
  srxPersonCopy: z.literal(1).describe('Version of this format: 1.'),
  madeAt: dateTime('When this copy was made.'),
  madeBy: Organisation,
  leftOut: z.array(text('In words.')).describe('What is not in this copy, and whom to ask for it.'),
  holders: z.array(Holder).describe('Who has what.'),
  openings: z.array(Opening).describe('Who opened what, newest first.'),
  toldOutside: z.array(Told).describe('What was told outside, oldest first.'),
  agreements: z.array(Agreed).describe('What was agreed, recipient by recipient.'),
  plan: CopiedPlan,
});
export type PersonCopy = z.infer<typeof PersonCopy>;
