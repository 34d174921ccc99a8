// Closed sets of codes. On the wire each is an enum of proto/srx/exchange/v1:
// 'find-support' here is PURPOSE_FIND_SUPPORT there.

/** Sections that describe the person; each needs a live grant to travel. */
export const PERSONAL_SECTIONS = [
  'minimum',
  'identity',
  'contact',
  'consent',
  'danger',
  'risk',
  'return',
  'arrival',
  'needs',
  'plan',
  'health',
  'legal',
  'family',
  'child',
  'exploitation',
  'documents',
  'report',
  'note',
] as const;

/** Sections that describe the organisations' own work and nothing of the person. */
export const WORKING_SECTIONS = ['workers', 'offer', 'reason', 'access', 'breach'] as const;

export const SECTIONS = [...PERSONAL_SECTIONS, ...WORKING_SECTIONS] as const;
export const STAGES = ['contact', 'assessment', 'package', 'follow-up'] as const;
export const PURPOSES = ['find-support', 'assess-safety', 'provide-services', 'follow-up'] as const;
export const PACKAGE_FAULTS = [
  'digest-mismatch',
  'undecryptable',
  'exceeds-consent',
  'missing-mandatory-section',
] as const;
export const MILESTONES = [
  'hours-24',
  'hours-72',
  'days-7',
  'days-14',
  'months-1',
  'months-2',
  'months-3',
  'months-6',
  'months-9',
  'months-12',
  'months-24',
  'months-36',
  'extra',
] as const;
export const MEETING_WISHES = ['not-asked', 'yes', 'no'] as const;
export const PERSON_VIEWS = ['heard', 'could-not-be-asked'] as const;
export const REFUSAL_REASONS = [
  'unsupported-version',
  'schema-violation',
  'late',
  'time-order',
] as const;
export const VERDICTS = ['taken', 'void', 'refused'] as const;
export const ROLES = ['caseworker', 'supervisor', 'administrator', 'service'] as const;

/** Why something was opened. */
export const ACCESS_REASONS = [
  'casework',
  'meeting',
  'follow-up',
  'correction',
  'safety-search',
  'complaint',
  'for-the-person',
] as const;

export type AccessReason = (typeof ACCESS_REASONS)[number];
export type SectionName = (typeof SECTIONS)[number];
export type PersonalSection = (typeof PERSONAL_SECTIONS)[number];
export type Stage = (typeof STAGES)[number];
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
export type Role = (typeof ROLES)[number];

const personal: ReadonlySet<string> = new Set(PERSONAL_SECTIONS);

export function isPersonal(section: SectionName): section is PersonalSection {
  return personal.has(section);
}
