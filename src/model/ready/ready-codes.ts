// The conditions before a request and a release, each with a code of its own. The
// codes travel where a short package went without some of them.

export const READY_CODES = [
  'reflection-told',
  'reflection-time',
  'options',
  'return-basis',
  'able-now',
  'removal-told',
  'meeting-wish',
  'second-person',
  'age',
  'own-yes',
  'guardian',
  'best-interests',
  'child-heard',
  'child-agrees',
  'caregiver',
  'parents-kept-out',
  'guardian-and-assent',
  'risk-ours',
  'risk-theirs',
  'risk-joint',
  'asked-again',
] as const;
export type ReadyCode = (typeof READY_CODES)[number];

/** Missing: not done, and a short package may go all the same. */
export const READY_STATES = ['done', 'open', 'missing'] as const;
export const READY_STEPS = ['request', 'release'] as const;

/** All that a short package may hold: what the meeting needs (domain rules, section 9). */
export const SHORT_SECTIONS = ['consent', 'contact', 'danger', 'arrival'] as const;

/** Of a removal or detention; all others bind there too. */
export const MAY_BE_MISSING: ReadonlySet<ReadyCode> = new Set<ReadyCode>([
  'reflection-told',
  'reflection-time',
  'options',
  'guardian',
  'best-interests',
  'child-heard',
  'child-agrees',
  'caregiver',
  'guardian-and-assent',
  'risk-ours',
  'risk-theirs',
  'risk-joint',
]);
