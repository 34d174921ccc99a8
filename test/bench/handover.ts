// What one handover is in the bench: a referral request with one section of
// 4 KiB. The schema of `minimum` is smaller, so these bytes take its place.
import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { limits } from '#model/limits.ts';
import type { Body, Grant } from '#model/message.ts';

const SECTION_BYTES = 4096;

export const SECTION = new TextEncoder().encode(
  JSON.stringify({ test: 'x'.repeat(SECTION_BYTES - '{"test":""}'.length) }),
);

const OPTIONS = [
  'legal-residence',
  'asylum',
  'remaining-without-papers',
  'return',
  'another-country',
] as const;

/** The smallest case of an invented person from which a request can be made. */
export function benchCase(localCode: string, partner: string, nowMs: number): CaseFile {
  const date = (days: number) => new Date(nowMs + days * 86_400_000).toISOString().slice(0, 10);
  return {
    srxCaseFile: 1,
    localCode,
    preparation: {
      reflection: { toldOn: date(-60), language: 'bg', days: 30 },
      decidedFreely: 'yes',
      removal: { order: 'none', detained: 'no' },
    },
    sections: {
      minimum: {
        priority: 'normal',
        services: ['accommodation.transitional', 'legal.compensation'],
        child: 'no',
        language: 'bg',
        interpreter: 'any',
        status: 'possible',
        accompanyingChildrenAges: [],
        riskLevel: 'medium',
        window: { from: date(30), to: date(60) },
      },
      return: {
        basis: 'own-wish',
        fromCountry: 'NL',
        toCountry: 'BG',
        optionsExplained: OPTIONS.map((option) => {
          return { option, explainedOn: date(-30), consequencesUnderstood: 'yes' };
        }),
        documents: [],
        mode: 'not-decided',
        window: { from: date(30), to: date(60) },
        escort: 'not-asked',
        fitToTravel: 'not-assessed',
      },
    },
    grants: [
      {
        recipient: partner,
        sections: ['minimum'],
        stage: 'contact',
        purpose: 'find-support',
        until: new Date(nowMs + 30 * 86_400_000).toISOString(),
      },
    ],
  };
}

/** The parts of the request's message that the act would make, for the floor. */
export function requestParts(
  recipient: string,
  nowSeconds: number,
): { grants: Grant[]; body: Body } {
  return {
    grants: [
      {
        grantId: uuid4(),
        recipient,
        sections: ['minimum'],
        stage: 'contact',
        purpose: 'find-support',
        until: nowSeconds + 30 * 86_400,
      },
    ],
    body: {
      step: 'referralRequest',
      referralRequest: {
        rulesVersion: limits.rulesVersion,
        caseCode: uuid4(),
        answerBy: nowSeconds + limits.answerSecondsByPriority.normal,
        secondPerson: false,
      },
    },
  };
}
