// Sections in plain words, for what the person reads.
import { SECTIONS, type SectionName } from '#model/codes.ts';

const WORDS: Readonly<Record<SectionName, string>> = {
  minimum: 'What help you look for',
  identity: 'Your name and papers',
  contact: 'How to reach you safely',
  consent: 'What you said yes to',
  danger: 'What is dangerous for you',
  risk: 'What worries you and keeps you safe',
  return: 'How you travel',
  arrival: 'How you are met',
  needs: 'What you need',
  plan: 'Your plan',
  health: 'Your health',
  legal: 'Your rights and cases',
  family: 'Your family',
  child: 'What concerns the child',
  exploitation: 'What happened to you',
  documents: 'Your documents',
  report: 'How you are later',
  note: 'Questions and notes about you',
  workers: 'Who works with you',
  offer: 'What help is offered',
  reason: 'Reasons the houses gave',
  access: 'Who opened what',
  breach: 'What went wrong',
};

export function sectionWords(section: SectionName): string {
  return WORDS[section];
}

export function sectionWordsOrNone(name: string): string | undefined {
  const section = SECTIONS.find((one) => one === name);
  return section && sectionWords(section);
}
