import { describe, expect, it } from 'vitest';

import { isTerminal, type Status } from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { Content, Envelope, STEP_NAMES, type StepName } from '#model/message.ts';
import { fold, viewFor } from '#model/referral.ts';
import { nextSteps, STEPS } from '#model/steps.ts';
import { EMPTY_THREAD, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import {
  after,
  before,
  bodyOf,
  DAY,
  type Draft,
  HOUR,
  lastVerdict,
  type Line,
  sample,
  say,
  START_SECONDS,
  STORY,
  tell,
  tryStep,
} from './story.ts';

const SIDES = ['referring', 'receiving'] as const;

/** Where each step is at home: a thread in which that side may take it. */
const HOME: Readonly<Record<StepName, readonly [Side, Thread]>> = {
  referralRequest: ['referring', EMPTY_THREAD],
  receiptConfirmed: ['receiving', before('receiving', 'receiptConfirmed')],
  riskAssessed: ['referring', before('referring', 'riskAssessed')],
  clarificationAsked: ['receiving', before('receiving', 'clarificationAsked')],
  clarificationGiven: ['referring', before('referring', 'clarificationGiven')],
  accepted: ['receiving', before('receiving', 'accepted')],
  declined: ['receiving', before('receiving', 'accepted')],
  packageReleased: ['referring', before('referring', 'packageReleased')],
  packageReceived: ['receiving', before('receiving', 'packageReceived')],
  packageRefused: ['receiving', before('receiving', 'packageReceived')],
  safetyNotice: ['referring', after('receiving', 'packageReceived')],
  sectionCorrected: ['referring', after('receiving', 'packageReceived')],
  arrivalPlanned: ['receiving', before('receiving', 'arrivalPlanned')],
  arrivalChanged: ['receiving', after('referring', 'arrivalPlanned')],
  departed: ['referring', before('referring', 'departed')],
  arrived: ['receiving', before('receiving', 'arrived')],
  notArrived: ['receiving', before('receiving', 'arrived')],
  caseManagementTaken: ['receiving', before('receiving', 'caseManagementTaken')],
  caseManagementHanded: ['referring', before('referring', 'caseManagementHanded')],
  followUpReported: ['receiving', before('receiving', 'followUpReported')],
  planRevised: ['receiving', before('receiving', 'followUpReported')],
  held: ['referring', after('receiving', 'accepted')],
  resumed: ['referring', say(after('receiving', 'accepted'), 'referring', 'held')],
  cancellationRequested: ['referring', after('receiving', 'accepted')],
  cancellationConfirmed: [
    'receiving',
    say(after('receiving', 'accepted'), 'referring', 'cancellationRequested'),
  ],
  consentWithdrawn: ['referring', after('receiving', 'accepted')],
  accessReported: ['receiving', after('receiving', 'packageReceived')],
  erasureConfirmed: ['receiving', after('receiving', 'packageReceived')],
  breachReported: ['receiving', after('receiving', 'packageReceived')],
  completed: ['receiving', before('receiving', 'completed')],
  failed: ['referring', after('receiving', 'accepted')],
  expired: ['referring', after('receiving', 'receiptConfirmed')],
  enteredInError: ['referring', after('receiving', 'accepted')],
  refused: ['receiving', after('referring', 'referralRequest')],
};

function allCount(thread: Thread): boolean {
  const { verdicts } = fold(thread);
  return [...verdicts.referring, ...verdicts.receiving].every((v) => v.verdict === 'counts');
}

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

const body = <S extends StepName>(step: S, content: object): Partial<Draft> => ({
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
    'nothing but minimum and a note before acceptance',
  ],
  [
    'an acceptance by one person alone',
    'accepted',
    body('accepted', { secondPerson: false }),
    'a second person',
  ],
  [
    'a yes older than the acceptance',
    'packageReleased',
    body('packageReleased', { reconfirmedAt: START_SECONDS + DAY, secondPerson: false }),
    "the person's yes after the acceptance",
  ],
  [
    'a yes of tomorrow',
    'packageReleased',
    {
      ...body('packageReleased', { reconfirmedAt: at3 + 1, secondPerson: false }),
      sentAt: at3,
    },
    "the person's yes after the acceptance",
  ],
  [
    'assessments older than 14 days',
    'packageReleased',
    { sentAt: START_SECONDS + 15 * DAY + 1 },
    'a risk assessment of ours, at most 14 days old',
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
    'a section that says what it is',
  ],
  [
    'another section than the corrected one',
    'sectionCorrected',
    { sections: ['danger'] },
    'exactly the section that it corrects',
  ],
  [
    'an old yes to travel',
    'departed',
    { ...body('departed', { ...departure, travelAgreedAt: stale }), sentAt: at9 },
    'a yes to travel at most 72 hours old',
  ],
  [
    'a yes to travel of tomorrow',
    'departed',
    { ...body('departed', { ...departure, travelAgreedAt: at9 + 1 }), sentAt: at9 },
    'a yes to travel at most 72 hours old',
  ],
  [
    'an old reading of the risk by the sender',
    'departed',
    { ...body('departed', { ...departure, referringRiskReadAt: stale }), sentAt: at9 },
    'our reading of the risk at most 72 hours old',
  ],
  [
    'an old reading of the risk by the partner',
    'departed',
    { ...body('departed', { ...departure, receivingRiskReadAt: stale }), sentAt: at9 },
    'their reading of the risk at most 72 hours old',
  ],
  [
    'no medicine or money',
    'departed',
    { ...body('departed', { ...departure, medicineAndMoney: false }), sentAt: at9 },
    'medicine and money for 14 days',
  ],
  [
    'no offered call',
    'departed',
    { ...body('departed', { ...departure, callOffered: false }), sentAt: at9 },
    'the offer of a call with the one who will meet the person',
  ],
  ['no code word', 'arrived', body('arrived', { codeWordGiven: false }), 'the code word'],
  [
    'no first contact',
    'caseManagementTaken',
    body('caseManagementTaken', { firstContactDone: false, planAgreed: true }),
    'the first contact and a plan agreed with the person',
  ],
  [
    'no agreed plan',
    'caseManagementTaken',
    body('caseManagementTaken', { firstContactDone: true, planAgreed: false }),
    'the first contact and a plan agreed with the person',
  ],
  [
    "no yes of the person's",
    'planRevised',
    body('planRevised', { personAgreed: false }),
    "the person's yes",
  ],
  [
    'an answer that is not overdue',
    'expired',
    { sentAt: START_SECONDS + 3 * DAY - 1 },
    'the answer is not overdue yet',
  ],
];

describe('a missing need', () => {
  it.each(LACKING)('%s makes %s illegal', (_, step, change, reason) => {
    const [side, thread] = HOME[step];
    expect(tryStep(thread, side, step, change)).toEqual({ verdict: 'illegal', reason });
  });

  const released = (lines: readonly Line[]) => {
    const thread = tell([
      ['referring', 'referralRequest'],
      ['receiving', 'receiptConfirmed'],
      ...lines,
      ['receiving', 'accepted'],
    ]);
    return tryStep(thread, 'referring', 'packageReleased')?.reason;
  };

  it('of an assessment on either side, or of one that answers the other, keeps the package', () => {
    const alone = body('riskAssessed', { assessedAt: START_SECONDS, answersSeq: 0 });
    expect(released([['receiving', 'riskAssessed']])).toMatch(/assessment of ours/);
    expect(released([['referring', 'riskAssessed']])).toMatch(/of the receiving side/);
    const neither: Line[] = [
      ['referring', 'riskAssessed', alone],
      ['receiving', 'riskAssessed', alone],
    ];
    expect(released(neither)).toBe('one assessment that answers the other');
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

const endings: Readonly<Record<string, Thread>> = {
  completed: tell(STORY),
  declined: say(before('receiving', 'accepted'), 'receiving', 'declined'),
  cancelled: say(HOME.cancellationConfirmed[1], 'receiving', 'cancellationConfirmed'),
  expired: say(after('receiving', 'receiptConfirmed'), 'referring', 'expired'),
  failed: say(after('receiving', 'accepted'), 'receiving', 'failed'),
  withdrawn: say(after('receiving', 'accepted'), 'receiving', 'consentWithdrawn'),
  'entered-in-error': say(after('receiving', 'accepted'), 'referring', 'enteredInError'),
  'travelling-without-receiver': say(after('referring', 'departed'), 'receiving', 'declined'),
};

const AFTER_THE_END: readonly StepName[] = [
  'consentWithdrawn',
  'accessReported',
  'erasureConfirmed',
  'breachReported',
  'enteredInError',
];

describe('a referral that ended', () => {
  it.each(Object.keys(endings))('as %s takes only what may follow an end', (status) => {
    const thread = endings[status] as Thread;
    expect(fold(thread).status).toBe(status);
    const alarm: readonly StepName[] =
      status === 'travelling-without-receiver' ? ['arrived', 'notArrived'] : [];
    for (const side of SIDES) {
      for (const step of STEP_NAMES) {
        const rule = STEPS[step];
        const mayFollow = step === 'refused' || [...AFTER_THE_END, ...alarm].includes(step);
        const mine = rule.by === 'either' || rule.by === side;
        const verdict = tryStep(thread, side, step)?.verdict;
        expect([step, verdict]).toEqual([step, mayFollow && mine ? 'counts' : 'illegal']);
      }
    }
  });

  it('by a fork takes nothing but what may follow an end', () => {
    const state = fold({
      ...after('referring', 'departed'),
      forks: [{ side: 'receiving', seq: 6 }],
    });
    expect(state.status).toBe('interrupted');
    for (const side of SIDES) {
      const offered = nextSteps(viewFor(side, state));
      const more = offered.filter((step) => !AFTER_THE_END.includes(step));
      expect(more).toEqual([]);
    }
  });

  it('while somebody travels still learns of the arrival, and the alarm ends with it', () => {
    const alarmed = endings['travelling-without-receiver'] as Thread;
    const missed = say(alarmed, 'referring', 'notArrived');
    expect(fold(missed).status).toBe('travelling-without-receiver');
    const met = fold(say(missed, 'receiving', 'arrived'));
    expect(met.status).toBe('declined');
    expect(met.travellingWithoutReceiver).toBe(false);
  });

  it('withdrawn on the way keeps the alarm beside its own name', () => {
    const thread = say(after('referring', 'departed'), 'referring', 'consentWithdrawn');
    expect(fold(thread)).toMatchObject({ status: 'withdrawn', travellingWithoutReceiver: true });
    expect(fold(say(thread, 'receiving', 'arrived')).travellingWithoutReceiver).toBe(false);
  });
});

/** Two steps, neither of which had read the other, and the status after both. */
const CROSSINGS: readonly (readonly [Thread, StepName, StepName, Status])[] = [
  [after('receiving', 'receiptConfirmed'), 'expired', 'accepted', 'accepted'],
  [after('receiving', 'receiptConfirmed'), 'expired', 'declined', 'declined'],
  [after('referring', 'referralRequest'), 'expired', 'receiptConfirmed', 'expired'],
  [after('receiving', 'accepted'), 'packageReleased', 'declined', 'declined'],
  [after('receiving', 'accepted'), 'cancellationRequested', 'failed', 'failed'],
  [after('receiving', 'caseManagementTaken'), 'failed', 'completed', 'completed'],
  [after('receiving', 'caseManagementTaken'), 'cancellationRequested', 'completed', 'completed'],
  [after('receiving', 'caseManagementTaken'), 'caseManagementHanded', 'completed', 'completed'],
  [after('referring', 'departed'), 'notArrived', 'arrived', 'arrived'],
  [after('referring', 'departed'), 'failed', 'arrived', 'failed'],
  [after('referring', 'arrivalPlanned'), 'departed', 'arrived', 'arrived'],
  [after('referring', 'arrivalPlanned'), 'departed', 'declined', 'travelling-without-receiver'],
  [after('referring', 'departed'), 'consentWithdrawn', 'arrived', 'withdrawn'],
  [after('receiving', 'accepted'), 'held', 'held', 'accepted'],
  [HOME.cancellationConfirmed[1], 'failed', 'cancellationConfirmed', 'failed'],
];

describe('two steps that cross', () => {
  it.each(CROSSINGS)('%# end in one status: %s', (thread, ours, theirs, status) => {
    const seen = thread.referring.length;
    const crossed = say(say(thread, 'referring', ours), 'receiving', theirs, { seen });
    expect(allCount(crossed)).toBe(true);
    expect(fold(crossed).status).toBe(status);
  });

  it('leave an accepted referral that had expired open to every later step', () => {
    const thread = after('receiving', 'receiptConfirmed');
    const crossed = say(say(thread, 'referring', 'expired'), 'receiving', 'accepted', {
      seen: thread.referring.length,
    });
    const offered = nextSteps(viewFor('referring', fold(crossed)));
    expect(offered).toEqual(
      expect.arrayContaining(['packageReleased', 'cancellationRequested', 'failed', 'held']),
    );
    const asked = say(crossed, 'referring', 'cancellationRequested');
    const ended = say(asked, 'receiving', 'cancellationConfirmed');
    expect(fold(ended).status).toBe('cancelled');
  });

  it('keep a report of no arrival to the journey that it spoke of', () => {
    const missed = say(after('referring', 'departed'), 'receiving', 'notArrived');
    expect(fold(missed).status).toBe('not-arrived');
    const again = say(missed, 'referring', 'departed');
    expect(fold(again).status).toBe('travelling');
    expect(fold(say(again, 'receiving', 'notArrived')).status).toBe('not-arrived');
  });
});

describe('a hold', () => {
  it('stops acceptance, release and departure until its own side lifts it', () => {
    for (const [step, by] of [
      ['accepted', 'receiving'],
      ['packageReleased', 'referring'],
      ['departed', 'referring'],
    ] as const) {
      for (const side of SIDES) {
        const held = say(before(by, step), side, 'held');
        expect(tryStep(held, by, step)?.verdict).toBe('illegal');
        const other = side === 'referring' ? 'receiving' : 'referring';
        expect(tryStep(held, other, 'resumed')?.verdict).toBe('illegal');
        expect(tryStep(say(held, side, 'resumed'), by, step)?.verdict).toBe('counts');
      }
    }
  });
});

describe('a refused package', () => {
  it('goes back to accepted and may be released again', () => {
    const refused = say(after('referring', 'packageReleased'), 'receiving', 'packageRefused');
    expect(fold(refused).status).toBe('accepted');
    const again = say(refused, 'referring', 'packageReleased');
    expect(fold(again).status).toBe('package-released');
    expect(tryStep(again, 'receiving', 'packageReceived')?.verdict).toBe('counts');
  });
});

describe('times', () => {
  const thread = after('receiving', 'receiptConfirmed');
  const verdictAt = (change: Partial<Draft>) =>
    tryStep(thread, 'referring', 'riskAssessed', {
      ...body('riskAssessed', { assessedAt: START_SECONDS - DAY, answersSeq: 0 }),
      ...change,
    })?.reason;

  it('never go back within a chain', () => {
    expect(verdictAt({ sentAt: START_SECONDS - 1 })).toBe('sentAt is before the last message');
    expect(verdictAt({ sentAt: START_SECONDS })).toBeNull();
  });

  it('are not more than the skew before what was read', () => {
    const late = say(thread, 'receiving', 'accepted', { sentAt: START_SECONDS + DAY });
    const sentAt = START_SECONDS + DAY - limits.clockSkewSecondsMax;
    expect(tryStep(late, 'referring', 'held', { sentAt })?.reason).toBeNull();
    const verdict = tryStep(late, 'referring', 'held', { sentAt: sentAt - 1 });
    expect(verdict?.reason).toBe('sentAt is before what it has seen');
  });

  it('give a message a life of 1 second to 30 days', () => {
    const end = (life: number) => verdictAt({ expiresAt: START_SECONDS + life });
    expect(end(0)).toBe('expiresAt is out of bounds');
    expect(end(1)).toBeNull();
    expect(end(30 * DAY)).toBeNull();
    expect(end(30 * DAY + 1)).toBe('expiresAt is out of bounds');
  });

  it('let nobody unread what was read', () => {
    const verdict = tryStep(after('receiving', 'accepted'), 'referring', 'held', { seen: 1 });
    expect(verdict).toEqual({ verdict: 'illegal', reason: 'seen goes back' });
  });

  it('and seen do not go back behind an illegal step back either', () => {
    const read = after('receiving', 'accepted');
    const back = say(read, 'referring', 'held', { seen: 1 });
    const seen = tryStep(back, 'referring', 'held', { seen: 1 });
    expect(seen?.reason).toBe('seen goes back');
    const early = say(thread, 'referring', 'held', { sentAt: START_SECONDS - DAY });
    const sentAt = tryStep(early, 'referring', 'held', { sentAt: START_SECONDS - DAY });
    expect(sentAt?.reason).toBe('sentAt is before the last message');
  });
});

describe('the end of a referral', () => {
  it('is told by isTerminal for exactly the endings and a fork', () => {
    expect(Object.keys(endings).every((status) => isTerminal(status as Status))).toBe(true);
    expect(isTerminal('interrupted')).toBe(true);
    expect(isTerminal('in-care')).toBe(false);
  });
});
