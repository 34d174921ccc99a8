// Why a step was taken: a code of one closed set and no word more, since free
// text about a person would need a grant of its own.
import { z } from 'zod';
import { SECTIONS } from '../codes.ts';
import type { StepName } from '../message.ts';
import { code, date, label, list } from './fields.ts';

/** Steps that carry a reason, and the codes that fit each. */
export const STEP_REASONS = {
  declined: [
    'no-capacity',
    'waitlist',
    'service-not-provided',
    'outside-area',
    'eligibility-not-met',
    'age-or-gender-not-served',
    'language-not-available',
    'security-risk-unmanageable',
    'conflict-of-interest',
    'insufficient-information',
    'legal-barrier',
    'not-in-best-interests',
    'survivor-declined',
    'capacity-lost',
    'other',
  ],
  notArrived: ['not-met', 'unreachable', 'did-not-travel', 'intercepted-suspected'],
  completed: [
    'goals-met',
    'person-exited-by-choice',
    'moved-country',
    'transferred',
    'lost-contact',
    'deceased',
    'age-out',
    'programme-ended',
    'other',
  ],
  held: [
    'person-asked',
    'awaiting-documents',
    'awaiting-medical-care',
    'awaiting-decision',
    'safety-check',
    'capacity-paused',
    'other',
  ],
  cancellationRequested: [
    'person-changed-mind',
    'person-stays',
    'other-organisation-found',
    'travel-not-possible',
    'not-in-best-interests',
    'security-risk-unmanageable',
    'duplicate',
    'other',
  ],
  failed: [
    'travel-not-possible',
    'unreachable',
    'security-risk-unmanageable',
    'capacity-lost',
    'organisation-closed',
    'legal-barrier',
    'other',
  ],
  erasureConfirmed: ['kept-under-law'],
} as const satisfies Partial<Record<StepName, readonly string[]>>;

export type StepWithReason = keyof typeof STEP_REASONS;
export type ReasonCode = (typeof STEP_REASONS)[StepWithReason][number];

const CODES = [...new Set(Object.values(STEP_REASONS).flat())] as [ReasonCode, ...ReasonCode[]];

const KeptUnderLaw = z
  .strictObject({
    section: code(SECTIONS, 'Kept, and closed to everybody.'),
    law: label('The law that keeps it.'),
    until: date('It is erased then.'),
  })
  .describe('A section that a law keeps.');

export const Reason = z.strictObject({
  code: code(CODES, 'Why; each step takes its own codes.'),
  kept: list(
    KeptUnderLaw,
    'What is not erased; with kept-under-law only, by the node itself.',
  ).optional(),
});

/** Whether a code may explain a step; false for a step that carries no reason. */
export function reasonFits(step: StepName, reason: ReasonCode): boolean {
  if (!Object.hasOwn(STEP_REASONS, step)) return false;
  const fitting: readonly string[] = STEP_REASONS[step as StepWithReason];
  return fitting.includes(reason);
}
