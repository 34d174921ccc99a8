// A consent form as it is filled in with a person who can decide and says yes.
import type { ConsentForm } from '#model/consent-form.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export type Filling = {
  nowMs: number;
  /** Sections of a package that are a no. */
  no?: readonly string[];
  given?: Partial<ConsentForm>;
};

/** Every question a yes, each end as late as it may be. */
export function filled(form: ConsentForm, { nowMs, no = [], given = {} }: Filling): ConsentForm {
  const end = (days: number) => new Date(nowMs + days * DAY_MS).toISOString();
  return {
    ...form,
    answeredAt: new Date(nowMs).toISOString(),
    language: 'bg',
    told: {
      ownDutiesToReport: 'Child abuse.',
      theirDutiesToReport: 'Child abuse, and contagious illness.',
      dangerGoesAlong: 'yes',
      refusalChangesNothing: 'yes',
      safetySearch: 'yes',
      toldBack: 'yes',
      nobodyLinkedThere: 'yes',
    },
    capacity: { able: 'able', waitReasons: [], order: null },
    interpreter: {
      needed: 'yes',
      independent: 'yes',
      code: 'INT-7',
      language: 'bg',
      confidentialityPromised: 'yes',
    },
    givenBy: 'self',
    form: 'signature',
    law: {
      lawfulBasis: 'legitimate-interest',
      article9Condition: 'Article 9(2)(a)',
      article10Law: 'Act on support for victims (invented)',
      transferBasis: 'within-area',
      missingProtection: null,
      storageCountries: ['NL', 'BG'],
      retention: 'P12M',
    },
    answers: form.answers.map((one) => {
      const isNo = one.stage === 'package' && no.includes(one.section);
      const days = one.stage === 'follow-up' ? 92 : 30;
      return { ...one, answer: isNo ? 'no' : 'yes', until: isNo ? null : end(days) };
    }),
    ...given,
  };
}
