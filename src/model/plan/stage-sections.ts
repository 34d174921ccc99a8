// Which sections a grant of each stage may name, and which every package holds.
import { PERSONAL_SECTIONS, type PersonalSection, type Stage } from '../codes.ts';

export const STAGE_SECTIONS: Readonly<Record<Stage, readonly PersonalSection[]>> = {
  contact: ['minimum', 'note'],
  assessment: ['risk'],
  package: PERSONAL_SECTIONS.filter((name) => name !== 'report'),
  'follow-up': ['report', 'note', 'plan', 'risk'],
};

/** No package without them (domain rules, section 4). */
export const PACKAGE_SECTIONS_ALWAYS = ['consent', 'contact', 'danger'] as const;

/** Written along the way, so a grant may name them before they exist. */
export const SECTIONS_WRITTEN_LATER: ReadonlySet<PersonalSection> = new Set([
  'arrival',
  'report',
  'note',
]);
