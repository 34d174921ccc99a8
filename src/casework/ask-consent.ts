// Asks for consent: the exact words for one recipient, and a form in which nothing is
// chosen before. That somebody was asked is noted at once.
import { sha256Hex } from '#crypto/digest.ts';
import type { PersonalSection, Stage } from '#model/codes.ts';
import type { ConsentForm } from '#model/consent-form.ts';
import type { ConsentRecord } from '#model/consent-record.ts';
import {
  type ShownText,
  STANDARD_TEXT,
  TEXT_PLACES,
  TEXT_VERSION,
  textFor,
} from '#model/consent-text.ts';
import { SECTIONS_WRITTEN_LATER } from '#model/plan/stage-sections.ts';
import { Refusal } from '#model/refusal.ts';

import type { Actor } from './actor.ts';
import { loadCase } from './cases.ts';
import { addRecord, recordsFor, recordsOfCase } from './consent-records.ts';
import type { CaseworkContext } from './context.ts';

export type AskConsent = {
  requestId: string;
  localCode: string;
  /** Entity identifier. */
  recipient: string;
  /** Empty for all. */
  stages: readonly Stage[];
  locale: string;
  /** Empty for the standard text. */
  translation: string;
  reviewedBy: string;
};

/**
 * The same request again gives the same words and the same form.
 * @throws Refusal NOT_FOUND, NOT_PERMITTED, SCHEMA_VIOLATION, CONFLICT, KEY_UNAVAILABLE
 */
export async function askConsent(
  context: CaseworkContext,
  actor: Actor,
  asked: AskConsent,
): Promise<{ text: ShownText; form: ConsentForm }> {
  const { requestId, localCode, recipient } = asked;
  const caseFile = await loadCase(context, localCode);
  const text = textOf(context, asked);
  const made = await addRecord(context, actor, { localCode, recipient }, (there) =>
    there.some(({ recordId }) => recordId === requestId)
      ? null
      : { event: 'requested', recordId: requestId, text, answers: [] },
  );
  const record =
    made ?? requestOf(recordsFor(await recordsOfCase(context, localCode), recipient), requestId);
  const shown = record?.text;
  if (shown?.digest !== text.digest) {
    throw new Refusal('CONFLICT', 'request_id: another question has this id; make a new one.');
  }
  const present = Object.keys(caseFile.sections) as PersonalSection[];
  return { text: shown, form: emptyForm(asked, shown, present) };
}

/** The question that was asked under this id. */
export function requestOf(
  records: readonly ConsentRecord[],
  requestId: string,
): ConsentRecord | undefined {
  return records.find(({ event, recordId }) => event === 'requested' && recordId === requestId);
}

/** @throws Refusal NOT_PERMITTED: it is no organisation that can receive a referral */
export function mustBeRecipient({ organisation, members }: CaseworkContext, recipient: string) {
  const member = members.find(recipient);
  if (recipient === organisation || !member) {
    throw new Refusal(
      'NOT_PERMITTED',
      'recipient: name exactly one other member; see srx member list.',
    );
  }
  return member;
}

function textOf(
  context: CaseworkContext,
  { recipient, locale, translation, reviewedBy }: AskConsent,
): ShownText {
  const member = mustBeRecipient(context, recipient);
  const isTranslated = translation !== '';
  if (!isTranslated && locale !== 'en') {
    throw new Refusal(
      'SCHEMA_VIOLATION',
      'locale: the standard text is English; give a reviewed translation (--text FILE).',
    );
  }
  if (isTranslated !== (reviewedBy !== '')) {
    throw new Refusal('SCHEMA_VIOLATION', 'reviewed_by: name who reviewed the translation.');
  }
  const lost = TEXT_PLACES.filter((place) => isTranslated && !translation.includes(place));
  if (lost.length > 0) {
    throw new Refusal('SCHEMA_VIOLATION', `translation: it lost ${lost.join(', ')}; keep each.`);
  }
  const own = context.members.find(context.organisation)?.name ?? context.organisation;
  const names = { own, recipient: member.name, recipientId: recipient };
  const countries = member.countries.join(', ');
  const shown = textFor(isTranslated ? translation : STANDARD_TEXT, { ...names, countries });
  return {
    version: TEXT_VERSION,
    locale,
    ...(isTranslated && { reviewedBy }),
    shown,
    digest: sha256Hex(shown),
  };
}

type Question = Pick<ConsentForm['answers'][number], 'section' | 'direction'>;

/** What is asked at a stage; `present` are the sections of the case. */
const QUESTIONS: Readonly<Record<Stage, (present: readonly PersonalSection[]) => Question[]>> = {
  contact: () => [to('minimum'), to('note'), from('note')],
  assessment: () => [to('risk'), from('risk')],
  package: (present) => [
    ...(['consent', 'contact', 'danger', 'arrival', 'note'] as const).map(to),
    ...present.filter((name) => !ASKED_ELSEWHERE.has(name)).map(to),
    ...(['arrival', 'danger', 'contact', 'plan', 'note'] as const).map(from),
  ],
  'follow-up': () => (['report', 'note', 'plan', 'risk'] as const).map(from),
};

/** Above already, at another stage, or only when the person brings it up. */
const ASKED_ELSEWHERE: ReadonlySet<string> = new Set([
  'minimum',
  'consent',
  'contact',
  'danger',
  'exploitation',
  ...SECTIONS_WRITTEN_LATER,
]);

const PURPOSE_OF = {
  contact: 'find-support',
  assessment: 'assess-safety',
  package: 'provide-services',
  'follow-up': 'follow-up',
} as const satisfies Record<Stage, string>;

function to(section: PersonalSection): Question {
  return { section, direction: 'to-recipient' };
}

function from(section: PersonalSection): Question {
  return { section, direction: 'from-recipient' };
}

function emptyForm(
  { requestId, localCode, recipient, stages }: AskConsent,
  text: ShownText,
  present: readonly PersonalSection[],
): ConsentForm {
  const all = ['contact', 'assessment', 'package', 'follow-up'] as const;
  return {
    srxConsentForm: 1,
    requestId,
    localCode,
    recipient,
    textDigest: text.digest,
    textLocale: text.locale,
    answeredAt: null,
    language: null,
    told: {
      ownDutiesToReport: null,
      theirDutiesToReport: null,
      dangerGoesAlong: null,
      refusalChangesNothing: null,
      safetySearch: null,
      toldBack: null,
      nobodyLinkedThere: null,
    },
    capacity: { able: null, waitReasons: [], order: null },
    interpreter: {
      needed: null,
      independent: null,
      code: null,
      language: null,
      confidentialityPromised: null,
    },
    givenBy: null,
    childAssent: null,
    form: null,
    expectedArrival: null,
    law: {
      lawfulBasis: null,
      article9Condition: null,
      article10Law: null,
      transferBasis: null,
      missingProtection: null,
      storageCountries: [],
      retention: 'P12M',
    },
    withheldFrom: [],
    withdrawalMethod: ['By telling any worker of either organisation, in any way.'],
    answers: all
      .filter((stage) => stages.length === 0 || stages.includes(stage))
      .flatMap((stage) =>
        QUESTIONS[stage](present).map(({ section, direction }) => {
          const asked = { section, stage, purpose: PURPOSE_OF[stage], direction };
          return { ...asked, answer: null, until: null };
        }),
      ),
  };
}
