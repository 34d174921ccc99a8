// A legal demand for what is held: what came, and what was decided about it by a
// lawyer and two people. Until then nothing is exported and nothing is erased.
import { z } from 'zod';

import { PERSONAL_SECTIONS } from '../codes.ts';
import { code, country, dateTime, label, list } from '../plan/fields.ts';
import { Telling } from './telling.ts';

export const AUTHORITIES = [
  'court',
  'prosecution',
  'police',
  'immigration',
  'consulate',
  'child-protection',
  'health-service',
  'social-service',
  'other',
] as const;

const sections = (description: string) =>
  list(code(PERSONAL_SECTIONS, 'Section.'), description).min(1);

/** First entry of a demand, as it came. */
export const DemandRecord = z.strictObject({
  form: code(
    ['subpoena', 'search-warrant', 'court-order', 'written-request', 'spoken-request', 'other'],
    'In which form it came.',
  ),
  authority: code(AUTHORITIES, 'Kind of the authority.'),
  country: country('Country of the authority, ISO 3166-1.'),
  reference: label("The authority's own reference; no name of a person.").optional(),
  receivedAt: dateTime('When it came.'),
  answerBy: dateTime('When it must be answered.').optional(),
  asksFor: sections('What it asks for.'),
});
export type DemandRecord = z.infer<typeof DemandRecord>;

const DECISIONS = ['narrowest-part', 'challenge', 'no-duty', 'taken-back'] as const;

/** Fields alone; the rules between them are in `demandFaults`. */
export const DemandDecision = z.strictObject({
  decision: code(
    DECISIONS,
    'narrowest-part: hand over only what must be. challenge: before a court; it stays open. no-duty: nothing need be handed over. taken-back: the authority gave it up.',
  ),
  decidedAt: dateTime('When it was decided.'),
  lawyer: z
    .strictObject({
      code: label('Code of the lawyer; no name.'),
      advisedAt: dateTime('When the lawyer advised on this demand.'),
    })
    .describe('A lawyer for the organisation or the person; never of the authority.'),
  law: label('The law that obliges, with its article; for narrowest-part.').optional(),
  handsOver: sections('The narrowest part; for narrowest-part.').optional(),
  person: Telling.describe('Whether the person heard of the demand.'),
  organisation: Telling.describe('Whether the other organisation heard of it.'),
});
export type DemandDecision = z.infer<typeof DemandDecision>;

/** What keeps a decision from standing; empty when nothing does. */
export function decisionFaults(
  demand: DemandRecord,
  decision: DemandDecision,
  nowMs: number,
): string[] {
  const { handsOver, law, lawyer, decidedAt, person } = decision;
  const isNarrow = decision.decision === 'narrowest-part';
  const beyond = (handsOver ?? []).filter((section) => !demand.asksFor.includes(section));
  const advised = Date.parse(lawyer.advisedAt);
  return [
    ...when(
      advised < Date.parse(demand.receivedAt),
      'lawyer.advisedAt: the lawyer advised before the demand came.',
    ),
    ...when(
      advised > Date.parse(decidedAt),
      'lawyer.advisedAt: ask the lawyer first, then decide.',
    ),
    ...when(Date.parse(decidedAt) > nowMs, 'decidedAt: this lies in the future.'),
    ...when(isNarrow && !handsOver, 'handsOver: name the narrowest part that must be handed over.'),
    ...when(isNarrow && law === undefined, 'law: name the law that obliges.'),
    ...when(
      !isNarrow && handsOver !== undefined,
      'handsOver: this decision hands nothing over; take it out.',
    ),
    ...when(beyond.length > 0, `handsOver: the demand does not ask for ${beyond.join(', ')}.`),
    ...when(
      'why' in person && person.why === 'nobody-concerned',
      'person: the person is always concerned; say when or why not.',
    ),
  ];
}

/** A challenge waits for its court: the demand stands until it is decided again. */
export function endsDemand({ decision }: Pick<DemandDecision, 'decision'>): boolean {
  return decision !== 'challenge';
}

function when(holds: boolean, fault: string): string[] {
  return holds ? [fault] : [];
}
