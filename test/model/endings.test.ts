import { describe, expect, it } from 'vitest';

import { isTerminal, type Status } from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { STEP_NAMES, type StepName } from '#model/message.ts';
import { fold, viewFor } from '#model/referral.ts';
import { nextSteps, STEPS } from '#model/steps.ts';
import type { Thread } from '#model/thread.ts';
import { HOME } from './home.ts';
import {
  after,
  before,
  bodyOf,
  DAY,
  type Draft,
  START_SECONDS,
  STORY,
  say,
  tell,
  tryStep,
} from './story.ts';

const SIDES = ['referring', 'receiving'] as const;

function allCount(thread: Thread): boolean {
  const { verdicts } = fold(thread);
  return [...verdicts.referring, ...verdicts.receiving].every((v) => v.verdict === 'counts');
}

const body = (step: StepName, content: object): Partial<Draft> => ({
  body: bodyOf(step, content as never),
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

  it('by a fork keeps the alarm for whoever had left, and was not met', () => {
    const forks = [{ side: 'receiving', seq: 1 }] as const;
    const left = fold({ ...after('referring', 'departed'), forks });
    expect(left).toMatchObject({ status: 'interrupted', travellingWithoutReceiver: true });
    // All that either side wrote stands behind the fork, and counts as nothing.
    expect(left.verdicts).toMatchObject({ receiving: [] });
    const met = fold({ ...after('receiving', 'arrived'), forks });
    expect(met).toMatchObject({ status: 'interrupted', travellingWithoutReceiver: false });
    const atHome = fold({ ...after('referring', 'arrivalPlanned'), forks });
    expect(atHome).toMatchObject({ status: 'interrupted', travellingWithoutReceiver: false });
    const thread = after('referring', 'arrivalPlanned');
    const last = after('referring', 'departed').referring.at(-1);
    if (!last) throw new Error('the story has a departure');
    const beside = fold({ ...thread, loose: [{ side: 'referring', entry: last }], forks });
    expect(beside.travellingWithoutReceiver).toBe(true);
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
    for (const life of [1, 30 * DAY]) {
      expect(verdictAt({ expiresAt: START_SECONDS + life })).toBeNull();
    }
    for (const life of [0, 30 * DAY + 1]) {
      const reason = verdictAt({ expiresAt: START_SECONDS + life });
      expect(reason).toBe('expiresAt is out of bounds');
    }
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
