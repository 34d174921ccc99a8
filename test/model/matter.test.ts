import { describe, expect, it } from 'vitest';

import { breachNotices, noticesDueAtMs } from '#model/breach-notice.ts';
import { DUTIES } from '#model/duties.ts';
import {
  BREACH_STEPS,
  checklistOf,
  openSteps,
  SCENARIOS,
  type Settled,
  tellsPartnerByDefault,
} from '#model/matter/breach.ts';
import { againAtMs, Telling } from '#model/matter/telling.ts';
import type { Thread } from '#model/thread.ts';

const HOUR_MS = 60 * 60 * 1000;
const learntAtMs = Date.UTC(2026, 10, 24, 9);
const of = (scenario: (typeof SCENARIOS)[number], tellsPartner = true) =>
  checklistOf({ scenario, tellsPartner, learntAtMs }, []);

describe('the steps after a breach', () => {
  it('check arrival, address, phone and code word in the hour, wherever data of ours is out', () => {
    for (const scenario of SCENARIOS.filter((one) => one !== 'received-in-error')) {
      const sameHour = of(scenario).filter(({ dueAtMs }) => dueAtMs <= learntAtMs + HOUR_MS);
      expect(
        sameHour.map(({ step }) => step),
        scenario,
      ).toEqual(
        expect.arrayContaining([
          'check-arrival',
          'check-address',
          'check-phone',
          'change-code-word',
        ]),
      );
    }
  });

  it('tell the authority in 72 hours, and the person within a day', () => {
    for (const scenario of [
      'lost-slip',
      'wrong-person',
      'infiltrated-partner',
      'seized-device',
    ] as const) {
      const due = new Map(of(scenario).map(({ step, dueAtMs }) => [step, dueAtMs - learntAtMs]));
      expect(due.get('tell-authority')).toBe(72 * HOUR_MS);
      expect(due.get('tell-person')).toBe(24 * HOUR_MS);
    }
  });

  it('tell every partner but one that may work for a trafficker', () => {
    expect(tellsPartnerByDefault('infiltrated-partner')).toBe(false);
    for (const scenario of ['lost-slip', 'wrong-person', 'seized-device', 'other'] as const) {
      expect(tellsPartnerByDefault(scenario)).toBe(true);
    }
    expect(of('other', false).map(({ step }) => step)).not.toContain('tell-partner');
  });

  it('are each in some list, and stand in the order of their hours', () => {
    const used = new Set(SCENARIOS.flatMap((scenario) => of(scenario).map(({ step }) => step)));
    expect([...used].toSorted()).toEqual(Object.keys(BREACH_STEPS).toSorted());
    for (const scenario of SCENARIOS) {
      const dues = of(scenario).map(({ dueAtMs }) => dueAtMs);
      expect(dues).toEqual(dues.toSorted((a, b) => a - b));
    }
  });

  it('are settled by the newest word on them', () => {
    const say = (outcome: Settled['outcome']): Settled => {
      return { step: 'check-phone', outcome, atMs: learntAtMs, byRole: 'supervisor' };
    };
    const record = { scenario: 'other', tellsPartner: false, learntAtMs } as const;
    const checklist = checklistOf(record, [say('not-possible'), say('done')]);
    const item = checklist.find(({ step }) => step === 'check-phone');
    expect(item?.settled?.outcome).toBe('done');
    expect(openSteps(checklist)).toHaveLength(checklist.length - 1);
  });

  it('and the lines of the inbox are said in sentences of at most 15 words', () => {
    const lines = [
      ...Object.values(BREACH_STEPS).map(({ words }) => words),
      ...Object.values(DUTIES),
    ];
    const long = lines
      .flatMap((line) => line.split(/[.?!:] /))
      .filter((sentence) => sentence.split(' ').length > 15);
    expect(long).toEqual([]);
  });
});

describe('a message that tells of a breach', () => {
  const entry = (messageId: string, sentAt: number, body: object) => ({
    digest: messageId,
    envelope: { messageId, seq: 1, sentAt },
    content: { body, sections: [], grants: [] },
  });
  const threadOf = (...receiving: object[]) =>
    ({ referring: [], receiving, loose: [], forks: [] }) as unknown as Thread;
  const reported = { step: 'breachReported', breachReported: {} };

  it('is heeded, one in error only where it went to the wrong organisation', () => {
    const error = (wrongRecipient: boolean) => ({
      step: 'enteredInError',
      enteredInError: { wrongRecipient },
    });
    const thread = threadOf(
      entry('a', 10, reported),
      entry('b', 20, error(false)),
      entry('c', 30, error(true)),
      entry('d', 40, { step: 'resumed', resumed: {} }),
    );
    expect(breachNotices(thread)).toMatchObject([
      { messageId: 'a', author: 'receiving', wrongRecipient: false },
      { messageId: 'c', author: 'receiving', wrongRecipient: true },
    ]);
    expect(noticesDueAtMs(breachNotices(threadOf()))).toBeNull();
  });

  it('is due anew with each, also of the same second, and at once where a clock is ahead', () => {
    const sentAt = learntAtMs / 1000;
    const one = noticesDueAtMs(breachNotices(threadOf(entry('a', sentAt + 300, reported)))) ?? 0;
    const two =
      noticesDueAtMs(
        breachNotices(threadOf(entry('a', sentAt + 300, reported), entry('b', sentAt, reported))),
      ) ?? 0;
    expect(two).toBeGreaterThan(one);
    expect(two).toBeLessThanOrEqual(learntAtMs);
  });
});

describe('whether somebody was told', () => {
  const until = '2027-01-01T00:00:00Z';

  it.each([
    ['both', { told: until, why: 'not-safe', until }],
    ['neither', {}],
    ['a ban without its law', { why: 'forbidden-by-law', until }],
    ['a reason without a day to look again', { why: 'not-reached' }],
  ])('is not said by %s', (_, value) => {
    expect(Telling.safeParse(value).success).toBe(false);
  });

  it('is looked at again only where somebody was not', () => {
    expect(againAtMs(Telling.parse({ told: until }))).toBeNull();
    expect(againAtMs(Telling.parse({ why: 'nobody-concerned' }))).toBeNull();
    expect(againAtMs(Telling.parse({ why: 'not-safe', until }))).toBe(Date.parse(until));
  });
});
