// When data may be in wrong hands: what happened, and what people do about it, by
// when. The clock of a step runs from the hour in which it was learnt here.
import { z } from 'zod';

import type { Role } from '../codes.ts';
import { Breach } from '../plan/breach.ts';
import { code } from '../plan/fields.ts';

const HOUR_MS = 60 * 60 * 1000;

/** What a worker may say happened. */
export const REPORTED_SCENARIOS = [
  'lost-slip',
  'wrong-person',
  'infiltrated-partner',
  'seized-device',
  'other',
] as const;
/** What a message tells: each opens the steps by itself. */
const TOLD_SCENARIOS = ['told-by-partner', 'sent-in-error', 'received-in-error'] as const;
export const SCENARIOS = [...REPORTED_SCENARIOS, ...TOLD_SCENARIOS] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** First entry of a breach. `breach` is missing where only a message told of it. */
export const BreachRecord = z.strictObject({
  scenario: code(SCENARIOS, 'What happened.'),
  tellsPartner: z.boolean().describe('Whether the other organisation is told by a message.'),
  learntAtMs: z.int().min(0).describe('When it was learnt here; the clock of each step.'),
  breach: Breach.optional(),
});
export type BreachRecord = z.infer<typeof BreachRecord>;

export const OUTCOMES = ['done', 'not-needed', 'not-possible'] as const;
export type Outcome = (typeof OUTCOMES)[number];

type Group = 'breach-check' | 'breach-person' | 'breach-authority' | 'breach-steps';
type Step = {
  /** Hours after it was learnt. */
  hours: number;
  who: Role;
  /** The line of the inbox that it belongs to. */
  group: Group;
  words: string;
};

/** Every step, in the order of its hour. Article numbers are of the GDPR. */
export const BREACH_STEPS = {
  'void-slip': step(
    1,
    'caseworker',
    'breach-check',
    'Take the lost slip out of use. Make a new one only if the person wants it.',
  ),
  'stop-channel': step(1, 'caseworker', 'breach-check', 'Stop using the channel by which it went.'),
  'suspend-partner': step(
    1,
    'supervisor',
    'breach-check',
    'Send nothing more to the partner. Warn the registry by telephone, not by a message.',
  ),
  'end-tokens': step(
    1,
    'supervisor',
    'breach-check',
    'End every token that was on the device: srx staff remove.',
  ),
  'change-keys': step(
    1,
    'administrator',
    'breach-check',
    'Make new keys if the device held them: srx key rotate.',
  ),
  'close-unread': step(
    1,
    'supervisor',
    'breach-check',
    'Open nothing of it. Nobody here uses what came by mistake.',
  ),
  'check-arrival': step(
    1,
    'caseworker',
    'breach-check',
    'Check the arrival: place, time, way, and who meets the person. Change what is known.',
  ),
  'check-address': step(
    1,
    'caseworker',
    'breach-check',
    'Check the address where the person is or will be. Find another one if it is known.',
  ),
  'check-phone': step(
    1,
    'caseworker',
    'breach-check',
    'Check the telephone and every other channel. Use only those that are still safe.',
  ),
  'change-code-word': step(
    1,
    'caseworker',
    'breach-check',
    'Agree on a new code word with the person.',
  ),
  'move-others': step(
    1,
    'supervisor',
    'breach-check',
    'Find another place for everyone in its care. Plan a way that does not pass it.',
  ),
  'say-who-tells': step(
    24,
    'caseworker',
    'breach-steps',
    'Agree with the other organisation who tells the person.',
  ),
  'tell-partner': step(
    24,
    'caseworker',
    'breach-steps',
    'Tell the other organisation. The node sends the report by itself.',
  ),
  'list-what-it-held': step(
    24,
    'caseworker',
    'breach-steps',
    'List every case that the device could show, and report each of them.',
  ),
  'ask-back': step(
    24,
    'caseworker',
    'breach-steps',
    'Ask the receiver to delete it and to say so in writing.',
  ),
  'assess-risk': step(
    24,
    'supervisor',
    'breach-steps',
    'Assess the risk anew, and send the assessment: srx referral assess.',
  ),
  'tell-person': step(
    24,
    'caseworker',
    'breach-person',
    'Tell the person by the safe channel: what happened, and what can be done.',
  ),
  'tell-authority': step(
    72,
    'supervisor',
    'breach-authority',
    'Tell the data protection authority, or record why not (Article 33).',
  ),
} as const satisfies Record<string, Step>;
export type BreachStep = keyof typeof BREACH_STEPS;
export const BREACH_STEP_NAMES = Object.keys(BREACH_STEPS) as [BreachStep, ...BreachStep[]];

const RE_CHECK = ['check-arrival', 'check-address', 'check-phone', 'change-code-word'] as const;
const TELLING = ['tell-partner', 'assess-risk', 'tell-person', 'tell-authority'] as const;

const SCENARIO_STEPS: Readonly<Record<Scenario, readonly BreachStep[]>> = {
  'lost-slip': ['void-slip', ...RE_CHECK, ...TELLING],
  'wrong-person': ['stop-channel', ...RE_CHECK, 'ask-back', ...TELLING],
  'infiltrated-partner': ['suspend-partner', ...RE_CHECK, 'move-others', ...TELLING],
  'seized-device': ['end-tokens', 'change-keys', ...RE_CHECK, 'list-what-it-held', ...TELLING],
  other: [...RE_CHECK, ...TELLING],
  'told-by-partner': [...RE_CHECK, 'say-who-tells', 'assess-risk', 'tell-authority'],
  'sent-in-error': ['ask-back', ...RE_CHECK, 'tell-person', 'tell-authority'],
  'received-in-error': ['close-unread'],
};

/** What was said of one step. */
export type Settled = { step: BreachStep; outcome: Outcome; atMs: number; byRole: Role };

export type ChecklistItem = {
  step: BreachStep;
  who: Role;
  group: Group;
  words: string;
  dueAtMs: number;
  /** The newest word on it; null while it is open. */
  settled: Settled | null;
};

/** The steps of one breach, those due first standing first. */
export function checklistOf(record: BreachRecord, settled: readonly Settled[]): ChecklistItem[] {
  return SCENARIO_STEPS[record.scenario]
    .filter((name) => name !== 'tell-partner' || record.tellsPartner)
    .map((name) => {
      const { hours, who, group, words } = BREACH_STEPS[name];
      const dueAtMs = record.learntAtMs + hours * HOUR_MS;
      const newest = settled.findLast((one) => one.step === name) ?? null;
      return { step: name, who, group, words, dueAtMs, settled: newest };
    })
    .toSorted((a, b) => a.dueAtMs - b.dueAtMs);
}

export function openSteps(checklist: readonly ChecklistItem[]): ChecklistItem[] {
  return checklist.filter(({ settled }) => settled === null);
}

/** A partner that may work for a trafficker must not learn that it was found out. */
export function tellsPartnerByDefault(scenario: Scenario): boolean {
  return scenario !== 'infiltrated-partner' && SCENARIO_STEPS[scenario].includes('tell-partner');
}

function step(hours: number, who: Role, group: Group, words: string): Step {
  return { hours, who, group, words };
}
