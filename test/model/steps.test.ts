import { describe, expect, it } from 'vitest';

import type { SectionName } from '#model/codes.ts';
import { Content, Envelope, STEP_NAMES, type StepName } from '#model/message.ts';
import { fold, viewFor } from '#model/referral.ts';
import { nextSteps, STEPS } from '#model/steps.ts';
import { EMPTY_THREAD, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { HOME } from './home.ts';
import {
  after,
  before,
  bodyOf,
  DAY,
  type Draft,
  grantOf,
  HOUR,
  type Line,
  lastVerdict,
  START_SECONDS,
  STORY,
  sample,
  say,
  tell,
  tryStep,
} from './story.ts';

const SIDES = ['referring', 'receiving'] as const;

function allCount(thread: Thread): boolean {
  const { verdicts } = fold(thread);
  return [...verdicts.referring, ...verdicts.receiving].every((v) => v.verdict === 'counts');
}

describe('a short package', () => {
  const short = (sections: SectionName[], granted = sections, assessed = false) => {
    const until = STORY.findIndex(([, step]) => step === 'accepted') + 1;
    const lines = STORY.slice(0, until).filter(([, step]) => assessed || step !== 'riskAssessed');
    const thread = tell(lines);
    const sentAt = START_SECONDS + 3 * DAY;
    return lastVerdict(
      say(thread, 'referring', 'packageReleased', {
        sentAt,
        body: {
          step: 'packageReleased',
          packageReleased: { reconfirmedAt: sentAt, secondPerson: false, short: true },
        },
        sections,
        grants: [grantOf('receiving', 'package', granted)],
      }),
      'referring',
    )?.verdict;
  };

  it('goes without an assessment of the risk, and is no way around it for anything else', () => {
    expect(short(['consent', 'contact', 'danger'])).toBe('counts');
    expect(short(['consent', 'contact', 'danger', 'arrival'])).toBe('counts');
    expect(short(['consent', 'contact'])).toBe('illegal');
    const wide: SectionName[] = ['consent', 'contact', 'danger', 'health'];
    expect(short(wide)).toBe('illegal');
    expect(short(['consent', 'contact', 'danger'], wide)).toBe('illegal');
    expect(short(wide, wide, true)).toBe('illegal');
  });
});

describe('the story', () => {
  it('counts from the request to the end, and each step shows the next status', () => {
    const shown = STORY.map((_, index) => fold(tell(STORY.slice(0, index + 1))).status);
    expect(shown).toEqual([
      'requested',
      'received',
      'received',
      'received',
      'received',
      'received',
      'accepted',
      'package-released',
      'in-progress',
      'in-progress',
      'arrival-planned',
      'travelling',
      'arrived',
      'handing-over',
      'in-care',
      'in-care',
      'in-care',
      'completed',
    ]);
    expect(allCount(tell(STORY))).toBe(true);
  });

  it('is made of messages that the schemas take', () => {
    const { referring, receiving } = tell(STORY);
    for (const { envelope, content } of [...referring, ...receiving]) {
      Envelope.parse(envelope);
      Content.parse(content);
    }
  });

  it('shows a question as open until it is answered', () => {
    expect(fold(after('receiving', 'clarificationAsked')).openQuestions).toEqual([3]);
    expect(fold(after('referring', 'clarificationGiven')).openQuestions).toEqual([]);
  });
});

describe('each step', () => {
  it.each(STEP_NAMES)('%s counts where it is at home, and is offered there', (step) => {
    const [side, thread] = HOME[step];
    expect(tryStep(thread, side, step)).toEqual({ verdict: 'counts', reason: null });
    const offered = nextSteps(viewFor(side, fold(thread)));
    expect(offered.includes(step)).toBe(step !== 'refused');
  });

  const oneSided = STEP_NAMES.filter((step) => STEPS[step].by !== 'either');
  it.each(oneSided)('%s of the wrong side is illegal, with a reason, everywhere', (step) => {
    const wrong = SIDES.find((side) => side !== STEPS[step].by) as Side;
    for (const index of STORY.keys()) {
      const verdict = tryStep(tell(STORY.slice(0, index)), wrong, step);
      expect(verdict).toEqual({
        verdict: 'illegal',
        reason: `only the ${STEPS[step].by} side may do it`,
      });
    }
  });

  const needy = STEP_NAMES.flatMap((step) => (STEPS[step].needs ?? []).map((s) => [step, s]));
  it.each(needy)('%s without its section %s is illegal, with a reason', (step, section) => {
    const [side, thread] = HOME[step as StepName];
    const whole = sample(thread, side, step as StepName);
    const sections = whole.sections.filter((name) => name !== section);
    expect(tryStep(thread, side, step as StepName, { sections })).toEqual({
      verdict: 'illegal',
      reason: `section ${section} is missing`,
    });
  });

  it('carries no section that does not belong to it', () => {
    for (const step of STEP_NAMES) {
      const rule = STEPS[step];
      const [side, thread] = HOME[step];
      if (step === 'consentWithdrawn' || step === 'refused') continue;
      const belongs = [...(rule.needs ?? []), ...(rule.allows ?? [])];
      const strange = (['access', 'breach'] as const).find((s) => !belongs.includes(s));
      if (!strange) throw new Error('every step allows both');
      const sections = [...sample(thread, side, step).sections, strange];
      const verdict = tryStep(thread, side, step, { sections });
      expect(verdict?.reason).toBe(`section ${strange} does not belong to this step`);
    }
  });

  it("that is illegal changes nothing but its author's number", () => {
    const thread = after('receiving', 'receiptConfirmed');
    const { verdicts: _, ...was } = fold(thread);
    const { verdicts, ...is } = fold(say(thread, 'receiving', 'arrived'));
    expect(is).toEqual(was);
    expect(verdicts.receiving.at(-1)?.reason).toBe('the referral is received');
  });
});

const body = (step: StepName, content: object): Partial<Draft> => ({
  body: bodyOf(step, content as never),
});
const at3 = START_SECONDS + 3 * DAY;
const at9 = START_SECONDS + 9 * DAY;
const departure = {
  travelAgreedAt: at9,
  referringRiskReadAt: at9,
  receivingRiskReadAt: at9,
  medicineAndMoney: true,
  callOffered: true,
};
const stale = at9 - 72 * HOUR - 1;

/** A need of one step that its body does not meet, and the reason that names it. */
const LACKING: readonly (readonly [string, StepName, Partial<Draft>, string])[] = [
  [
    'an answer deadline that has passed',
    'referralRequest',
    body('referralRequest', { answerBy: START_SECONDS }),
    'answerBy is out of bounds',
  ],
  [
    'an answer deadline beyond 14 days',
    'referralRequest',
    body('referralRequest', { answerBy: START_SECONDS + 14 * DAY + 1 }),
    'answerBy is out of bounds',
  ],
  [
    'an assessment of tomorrow',
    'riskAssessed',
    body('riskAssessed', { assessedAt: START_SECONDS + DAY, answersSeq: 0 }),
    'assessedAt is in the future',
  ],
  [
    'an answer to an assessment that is not there',
    'riskAssessed',
    body('riskAssessed', { assessedAt: START_SECONDS, answersSeq: 7 }),
    'answersSeq names no newest assessment of the other side',
  ],
  [
    'an answer to a question that nobody asked',
    'clarificationGiven',
    body('clarificationGiven', { answersSeq: 1 }),
    'answersSeq names no open question',
  ],
  [
    'more than minimum before acceptance',
    'clarificationGiven',
    { sections: ['identity', 'note'] },
    'before the acceptance nothing but minimum and a note may go',
  ],
  [
    'an acceptance by one person alone',
    'accepted',
    body('accepted', { secondPerson: false }),
    'a second person has not agreed',
  ],
  [
    'a yes older than the acceptance',
    'packageReleased',
    body('packageReleased', {
      reconfirmedAt: START_SECONDS + DAY,
      secondPerson: false,
      short: false,
    }),
    "the person's yes after the acceptance is missing",
  ],
  [
    'a yes of tomorrow',
    'packageReleased',
    {
      ...body('packageReleased', { reconfirmedAt: at3 + 1, secondPerson: false, short: false }),
      sentAt: at3,
    },
    "the person's yes after the acceptance is missing",
  ],
  [
    'assessments older than 14 days',
    'packageReleased',
    { sentAt: START_SECONDS + 15 * DAY + 1 },
    'a risk assessment of ours, at most 14 days old, is missing',
  ],
  [
    'the number of another package',
    'packageReceived',
    body('packageReceived', { packageSeq: 1 }),
    'packageSeq is not the released package',
  ],
  [
    'the number of another package',
    'packageRefused',
    body('packageRefused', { packageSeq: 1, fault: 'undecryptable' }),
    'packageSeq is not the released package',
  ],
  [
    'nothing that says what it is',
    'safetyNotice',
    { sections: [] },
    'a section that says what it is about is missing',
  ],
  [
    'another section than the corrected one',
    'sectionCorrected',
    { sections: ['danger'] },
    'it must hold exactly the section that it corrects',
  ],
  [
    'an old yes to travel',
    'departed',
    { ...body('departed', { ...departure, travelAgreedAt: stale }), sentAt: at9 },
    'a yes to travel, at most 72 hours old, is missing',
  ],
  [
    'a yes to travel of tomorrow',
    'departed',
    { ...body('departed', { ...departure, travelAgreedAt: at9 + 1 }), sentAt: at9 },
    'a yes to travel, at most 72 hours old, is missing',
  ],
  [
    'an old reading of the risk by the sender',
    'departed',
    { ...body('departed', { ...departure, referringRiskReadAt: stale }), sentAt: at9 },
    'our reading of the risk, at most 72 hours old, is missing',
  ],
  [
    'an old reading of the risk by the partner',
    'departed',
    { ...body('departed', { ...departure, receivingRiskReadAt: stale }), sentAt: at9 },
    'their reading of the risk, at most 72 hours old, is missing',
  ],
  [
    'no medicine or money',
    'departed',
    { ...body('departed', { ...departure, medicineAndMoney: false }), sentAt: at9 },
    'medicine and money for 14 days are missing',
  ],
  [
    'no offered call',
    'departed',
    { ...body('departed', { ...departure, callOffered: false }), sentAt: at9 },
    'the offer of a call with the one who will meet the person is missing',
  ],
  [
    'no code word',
    'arrived',
    body('arrived', { codeWordGiven: false }),
    'the code word is missing',
  ],
  [
    'no first contact',
    'caseManagementTaken',
    body('caseManagementTaken', { firstContactDone: false, planAgreed: true }),
    'the first contact and a plan agreed with the person are missing',
  ],
  [
    'no agreed plan',
    'caseManagementTaken',
    body('caseManagementTaken', { firstContactDone: true, planAgreed: false }),
    'the first contact and a plan agreed with the person are missing',
  ],
  [
    "no yes of the person's",
    'planRevised',
    body('planRevised', { personAgreed: false }),
    "the person's yes is missing",
  ],
  [
    'an answer that is not overdue',
    'expired',
    { sentAt: START_SECONDS + 3 * DAY - 1 },
    'the answer is not overdue yet',
  ],
];

/** Why a package after these assessments is illegal. */
function released(lines: readonly Line[]): string | null | undefined {
  const thread = tell([
    ['referring', 'referralRequest'],
    ['receiving', 'receiptConfirmed'],
    ...lines,
    ['receiving', 'accepted'],
  ]);
  return tryStep(thread, 'referring', 'packageReleased')?.reason;
}

describe('a missing need', () => {
  it.each(LACKING)('%s makes %s illegal', (_, step, change, reason) => {
    const [side, thread] = HOME[step];
    expect(tryStep(thread, side, step, change)).toEqual({ verdict: 'illegal', reason });
  });

  it('of an assessment on either side, or of one that answers the other, keeps the package', () => {
    const alone = body('riskAssessed', { assessedAt: START_SECONDS, answersSeq: 0 });
    expect(released([['receiving', 'riskAssessed']])).toMatch(/assessment of ours/);
    expect(released([['referring', 'riskAssessed']])).toMatch(/of the receiving side/);
    const neither: Line[] = [
      ['referring', 'riskAssessed', alone],
      ['receiving', 'riskAssessed', alone],
    ];
    expect(released(neither)).toBe('no assessment answers the other one');
    const answered: Line[] = [
      ['receiving', 'riskAssessed', alone],
      ['referring', 'riskAssessed'],
    ];
    expect(released(answered)).toBeNull();
  });
});

describe('lessons from the field', () => {
  it('a sender cannot accept its own referral', () => {
    const verdict = tryStep(before('receiving', 'accepted'), 'referring', 'accepted');
    expect(verdict?.verdict).toBe('illegal');
  });

  it('a finished referral cannot be revoked', () => {
    for (const step of ['cancellationRequested', 'failed', 'expired'] as const) {
      const thread = say(tell(STORY), 'referring', step);
      expect(lastVerdict(thread, 'referring')?.verdict).toBe('illegal');
      expect(fold(thread).status).toBe('completed');
    }
  });

  it('no step carries a name before acceptance, whatever was granted', () => {
    for (const [side, thread] of [
      ['referring', EMPTY_THREAD],
      ['referring', after('referring', 'referralRequest')],
      ['referring', after('receiving', 'clarificationAsked')],
    ] as const) {
      for (const step of STEP_NAMES) {
        if (step === 'consentWithdrawn' || step === 'refused') continue;
        const sections = [...(STEPS[step].needs ?? []), 'identity'] as const;
        const verdict = tryStep(thread, side, step, { sections });
        expect([step, verdict?.verdict]).toEqual([step, 'illegal']);
      }
    }
  });

  it('a rejection without its reason is no rejection', () => {
    const verdict = tryStep(before('receiving', 'accepted'), 'receiving', 'declined', {
      sections: [],
    });
    expect(verdict).toEqual({ verdict: 'illegal', reason: 'section reason is missing' });
  });

  it('an illegal step always has a reason, a legal one never', () => {
    for (const index of STORY.keys()) {
      const thread = tell(STORY.slice(0, index));
      for (const side of SIDES) {
        for (const step of STEP_NAMES) {
          const verdict = tryStep(thread, side, step);
          expect(verdict?.reason === null).toBe(verdict?.verdict === 'counts');
        }
      }
    }
  });
});
