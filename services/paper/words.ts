// Names of fields and answers in plain words. Most say themselves: `preferredName`
// is "Preferred name", `not-asked` is "not asked"; the others stand here.
import type { PURPOSES as CODES } from '#model/codes.ts';

type Purpose = (typeof CODES)[number];

const FIELDS: Readonly<Record<string, string>> = {
  accompaniedByNobodyLinked: 'Nobody was there who could press you',
  allowed: 'How you may be reached',
  ageBand: 'Age',
  article9Condition: 'Rule for sensitive data',
  article10Law: 'Law for data on offences',
  askedInBothCountries: 'Asked in both countries',
  assessedBy: 'Looked at by',
  assessedOn: 'Looked at on',
  basis: 'Why you travel',
  basisNote: 'More about it',
  bestInterests: 'What is best for the child',
  burdens: 'Fines, records and debts',
  channels: 'Ways to reach you',
  childAssent: "The child's own yes",
  citizenship: 'Citizenship',
  confidentialityPromised: 'Promised to keep it to themselves',
  confirmedOn: 'You confirmed it on',
  consentedAlone: 'Said yes by themselves',
  daysLeft: 'Lasts for days',
  degree: 'How bad it would be',
  direction: 'Which way it goes',
  domains: 'What you need',
  entityId: 'Address in the network',
  eventState: 'What happened',
  eventTime: 'When',
  eventType: 'How it was shown',
  events: 'What happened so far',
  first90Days: 'The first 90 days',
  form: 'How you said it',
  givenBy: 'Who said yes',
  introduceAs: 'How people introduce themselves',
  jurisdiction: 'Country whose law counts',
  lastVerified: 'You confirmed it on',
  lawfulBasis: 'Legal ground',
  mhpss: 'Support for the mind',
  missingGates: 'What was not done before',
  missingProtection: 'What protection is missing there',
  mustNotBeTold: 'Who is not told',
  mustReturn: 'Come back for it',
  neededFor: 'Needed for',
  noticeLocale: 'Language of the text you were shown',
  onlyWhen: 'Safe only when',
  optionsExplained: 'Choices that were explained',
  ownCheck: 'Own check',
  piiControllers: 'Who answers for your data',
  piiInformation: 'What it covers',
  privacyNotice: 'The text about your data',
  recipientThirdParties: 'Who gets it',
  reentryBan: 'Ban on coming back',
  retentionPeriod: 'How long it is kept',
  riskLevel: 'How great the danger is',
  seenAlone: 'Seen alone',
  stepFree: 'Without stairs',
  storageLocations: 'Where it is kept',
  toldDangerGoesAlong: 'Told that what is dangerous goes along',
  toldNoEffectOnHelp: 'Told that a no changes no help',
  toldSafetySearch: 'Told who may look for you if you are in danger',
  toldWhatMustBeReported: 'Told what each side has to report',
  transferBasis: 'Ground for another country',
  understandingToldBack: 'You told back what it means',
  withdrawalMethod: 'How you take it back',
  withheldFrom: 'Who does not get it',
};

const ANSWERS: Readonly<Record<string, string>> = {
  'arrest-or-prosecution-on-return': 'arrest after the journey',
  consent: 'your yes',
  'consent-form': 'form of the yes',
  'declines-to-say': 'does not want to say',
  explicit: 'said clearly',
  'explicit-consent-single-case': 'your clear yes for this one case',
  'forced-criminality': 'made to break the law',
  invalidated: 'found not to hold',
  life: 'life in danger',
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
  'own-consent': 'their own yes',
  'only-when': 'only at some times',
  're-trafficking': 'being used again',
  refused: 'said no',
  revoked: 'ended by somebody else',
  trafficker: 'people who used you',
  withdrawn: 'taken back',
};

const PURPOSES: Readonly<Record<Purpose, string>> = {
  'find-support': 'to find help for you',
  'assess-safety': 'to see what is safe',
  'provide-services': 'to give you help',
  'follow-up': 'to hear how you are',
};

export function fieldWords(name: string): string {
  const words = name.replace(/([a-z])([A-Z0-9])/g, '$1 $2').toLowerCase();
  return FIELDS[name] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** `health.treatment` → `health: treatment`. */
export function answerWords(code: string): string {
  const words = code
    .replace('mhpss', 'mind')
    .replace('.', ': ')
    .replace(/(\d)-(\d)/g, '$1 to $2')
    .replace(/([a-z])([A-Z])/g, (_, end: string, begin: string) => `${end} ${begin.toLowerCase()}`)
    .replaceAll('-', ' ');
  return ANSWERS[code] ?? words;
}

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' });

/** `NL` → `Netherlands`. */
export function countryWords(code: string): string {
  return COUNTRIES.of(code) ?? code;
}

export function purposeWords(purpose: Purpose): string {
  return PURPOSES[purpose];
}

/** `P12M` → `12 months`. */
export function durationWords(duration: string): string {
  const units: Readonly<Record<string, string>> = { Y: 'year', M: 'month', D: 'day' };
  const parts = duration.matchAll(/(\d+)([YMD])/g);
  return [...parts]
    .map(([, count, letter = '']) => `${count} ${units[letter]}${count === '1' ? '' : 's'}`)
    .join(', ');
}
