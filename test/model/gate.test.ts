import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PERSONAL_SECTIONS, STAGES, WORKING_SECTIONS } from '#model/codes.ts';
import { gate, throughGate } from '#model/gate.ts';
import type { Grant } from '#model/message.ts';
import { fold } from '#model/referral.ts';
import type { Thread } from '#model/thread.ts';
import {
  after,
  bodyOf,
  DAY,
  grantOf,
  HOUR,
  PACKAGE_GRANTS,
  START_SECONDS,
  sample,
  say,
  write,
} from './story.ts';

const RECEIVING = 'https://homeward.example';
const MEETING = ['contact', 'danger', 'arrival'] as const;
const LATER = START_SECONDS + 1000 * DAY;

function passing(thread: Thread, nowSeconds: number, recipient = RECEIVING): string[] {
  const known = { thread, state: fold(thread) };
  return throughGate(known, { recipient, nowSeconds }, PERSONAL_SECTIONS).passes;
}

const withdrawalOf = (
  sections: readonly string[],
  meetingWish: 'not-asked' | 'yes' = 'not-asked',
) =>
  bodyOf('consentWithdrawn', {
    whole: sections.length === 0,
    sections: [...sections] as never,
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish,
  });

const withdrawn = (thread: Thread, sections: readonly string[]) =>
  say(thread, 'referring', 'consentWithdrawn', { body: withdrawalOf(sections) });

describe('the gate', () => {
  it('lets pass exactly what a live grant to this recipient covers, of any plan at any time', () => {
    const section = fc.constantFrom(...PERSONAL_SECTIONS);
    const yes = fc.record({
      recipient: fc.constantFrom('receiving' as const, 'referring' as const),
      sections: fc.uniqueArray(section, { minLength: 1, maxLength: 6 }),
      stage: fc.constantFrom(...STAGES),
      untilDay: fc.integer({ min: 4, max: 20 }),
    });
    fc.assert(
      fc.property(
        fc.array(yes, { maxLength: 6 }),
        fc.array(section, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.integer({ min: 3, max: 25 }),
        (answers, no, isTakenBack, day) => {
          const grants = answers.map(({ recipient, sections, stage, untilDay }): Grant => {
            return grantOf(recipient, stage, sections, START_SECONDS + untilDay * DAY);
          });
          const accepted = after('receiving', 'accepted');
          // A step of the referring side that needs no section, with just these grants.
          const resumed = say(accepted, 'referring', 'held');
          const given = say(resumed, 'referring', 'resumed', { grants });
          const thread = isTakenBack ? withdrawn(given, no) : given;
          const now = START_SECONDS + day * DAY;
          const all = fold(thread).grants.map(({ grant }) => grant);
          for (const recipient of [RECEIVING, 'https://harbour.example', 'https://x.example']) {
            const expected = PERSONAL_SECTIONS.filter(
              (name) =>
                !(isTakenBack && no.includes(name)) &&
                all.some(
                  (grant) =>
                    grant.recipient === recipient &&
                    grant.sections.includes(name) &&
                    grant.until >= now,
                ),
            );
            expect(passing(thread, now, recipient)).toEqual(expected);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says why each other section stays, and lets working sections pass', () => {
    const thread = withdrawn(after('referring', 'packageReleased'), ['health']);
    const known = { thread, state: fold(thread) };
    const at = { recipient: RECEIVING, nowSeconds: LATER };
    const names = ['health', 'legal', 'exploitation', ...WORKING_SECTIONS] as const;
    expect(throughGate(known, at, names)).toEqual({
      passes: [...WORKING_SECTIONS],
      stays: [
        { section: 'health', why: 'withdrawn' },
        { section: 'legal', why: 'ended' },
        { section: 'exploitation', why: 'not-granted' },
      ],
    });
  });
});

describe('for somebody on the way, the gate', () => {
  const departed = after('referring', 'departed');

  it('keeps open what the meeting needs past the end of its grant, and nothing else', () => {
    expect(passing(after('receiving', 'arrivalPlanned'), LATER)).toEqual([]);
    expect(passing(departed, LATER)).toEqual(MEETING);
    expect(passing(departed, LATER, 'https://x.example')).toEqual([]);
  });

  it('closes it a day after the arrival', () => {
    const arrived = after('receiving', 'arrived');
    const arrivedAt = arrived.receiving.at(-1)?.envelope.sentAt ?? 0;
    const ended = PACKAGE_GRANTS.map((grant) => ({ ...grant, until: arrivedAt - HOUR }));
    const released = say(after('receiving', 'accepted'), 'referring', 'packageReleased', {
      grants: ended,
      sentAt: arrivedAt - 7 * DAY,
    });
    expect(fold(released).referring.phase).toBe('released');
    const story = [
      ['receiving', 'packageReceived'],
      ['receiving', 'arrivalPlanned'],
      ['referring', 'arrivalPlanned'],
      ['referring', 'departed'],
    ] as const;
    const onTheWay = story.reduce((thread, [side, step]) => say(thread, side, step), released);
    const met = say(onTheWay, 'receiving', 'arrived', { sentAt: arrivedAt });
    expect(fold(met).status).toBe('arrived');
    const ofMeeting = (at: number) =>
      passing(met, at).filter((name) => MEETING.some((one) => one === name));
    expect(ofMeeting(arrivedAt + DAY - 1)).toEqual(MEETING);
    expect(ofMeeting(arrivedAt + DAY)).toEqual([]);
  });

  it('obeys a withdrawal all the same, unless the person wants to be met', () => {
    expect(passing(withdrawn(departed, []), LATER)).toEqual([]);
    expect(passing(withdrawn(departed, ['contact']), LATER)).toEqual(['danger', 'arrival']);
    const body = withdrawalOf([], 'yes');
    const wish = say(departed, 'receiving', 'consentWithdrawn', { body });
    expect(passing(wish, LATER)).toEqual(MEETING);
  });

  it('finds the grants of both branches behind a fork, but none once something was taken back', () => {
    const accepted = after('receiving', 'accepted');
    const seq = accepted.referring.length + 1;
    const rival = write(accepted, 'referring', sample(accepted, 'referring', 'held'));
    const forked: Thread = {
      ...departed,
      loose: [{ side: 'referring', entry: rival }],
      forks: [{ side: 'referring', seq }],
    };
    const state = fold(forked);
    expect([state.status, state.travellingWithoutReceiver]).toEqual(['interrupted', true]);
    expect(state.grants.some(({ grant }) => grant.sections.includes('contact'))).toBe(false);
    expect(passing(forked, LATER)).toEqual(MEETING);
    // A yes with a higher number, in the branch that had never read the no.
    const no = write(
      accepted,
      'referring',
      sample(accepted, 'referring', 'consentWithdrawn', {
        body: withdrawalOf(['danger']),
      }),
    );
    const again = say(departed, 'referring', 'safetyNotice', {
      grants: [grantOf('receiving', 'package', ['danger'])],
    });
    const rivals = [rival, no].map((entry) => ({ side: 'referring' as const, entry }));
    expect(passing({ ...again, loose: rivals, forks: forked.forks }, LATER)).toEqual([
      'contact',
      'arrival',
    ]);
  });

  it('opens nothing for the way back that was never granted', () => {
    const known = { thread: departed, state: fold(departed) };
    const at = { recipient: 'https://harbour.example', nowSeconds: LATER };
    expect(gate(known, { ...at, section: 'contact' })).toBe('not-granted');
  });
});
