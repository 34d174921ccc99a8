import { describe, expect, it } from 'vitest';

import { mayTravel } from '#model/consent.ts';
import type { Grant } from '#model/message.ts';
import { fold } from '#model/referral.ts';
import { EMPTY_THREAD, type Thread } from '#model/thread.ts';
import {
  after,
  before,
  bodyOf,
  CONTACT_GRANTS,
  DAY,
  type Draft,
  grantOf,
  lastVerdict,
  PACKAGE_GRANTS,
  START_SECONDS,
  say,
  tell,
  tryStep,
} from './story.ts';

const partly = (...sections: ('contact' | 'danger' | 'identity' | 'health')[]): Partial<Draft> => ({
  body: bodyOf('consentWithdrawn', {
    whole: false,
    sections,
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
  }),
});
const stillToBeMet: Partial<Draft> = {
  body: bodyOf('consentWithdrawn', {
    whole: true,
    sections: [],
    stopReports: true,
    deleteSent: true,
    endServices: true,
    meetingWish: 'yes',
  }),
};
const request = (...grants: Grant[]) =>
  tryStep(EMPTY_THREAD, 'referring', 'referralRequest', { grants })?.reason;
const release = (...grants: Grant[]) =>
  tryStep(before('referring', 'packageReleased'), 'referring', 'packageReleased', { grants })
    ?.reason;
const notice = (thread: Thread, change: Partial<Draft> = {}) =>
  tryStep(thread, 'referring', 'safetyNotice', { sections: ['identity'], ...change })?.reason;

describe('a section that describes the person', () => {
  it('does not travel without a grant', () => {
    expect(request()).toBe('section minimum: not-granted');
    expect(release(grantOf('receiving', 'package', ['consent', 'contact', 'danger']))).toBe(
      'section identity: not-granted',
    );
  });

  it('does not travel by a grant for the way back', () => {
    expect(request(grantOf('referring', 'contact', ['minimum']))).toBe(
      'section minimum: not-granted',
    );
  });

  it('does not travel by a grant of another stage', () => {
    expect(request(grantOf('receiving', 'package', ['minimum']))).toBe(
      'section minimum: not-granted',
    );
    const early = grantOf('receiving', 'contact', ['consent', 'contact', 'danger', 'identity']);
    expect(release(early)).toBe('section consent: not-granted');
  });

  it('travels until the last second of its grant and not after it', () => {
    expect(request(grantOf('receiving', 'contact', ['minimum'], START_SECONDS))).toBeNull();
    expect(request(grantOf('receiving', 'contact', ['minimum'], START_SECONDS - 1))).toBe(
      'section minimum: ended',
    );
  });

  it('never goes to an organisation outside the referral', () => {
    const stranger = {
      ...grantOf('receiving', 'contact', ['minimum']),
      recipient: 'https://x.example',
    };
    expect(request(stranger, ...CONTACT_GRANTS)).toBe(
      'a grant names an organisation outside this referral',
    );
  });

  it('goes back from the receiving side by a reverse grant only', () => {
    const grants = PACKAGE_GRANTS.filter((grant) => !grant.sections.includes('report'));
    const line = after('receiving', 'accepted');
    const thread = tell(
      [
        ['receiving', 'packageReceived'],
        ['receiving', 'arrivalPlanned'],
        ['referring', 'arrivalPlanned'],
        ['referring', 'departed'],
        ['receiving', 'arrived'],
      ],
      say(line, 'referring', 'packageReleased', { grants }),
    );
    expect(fold(thread).status).toBe('arrived');
    expect(tryStep(thread, 'receiving', 'followUpReported')?.reason).toBe(
      'section report: not-granted',
    );
    const reverse = [grantOf('referring', 'follow-up', ['report'])];
    expect(
      tryStep(thread, 'receiving', 'followUpReported', { grants: reverse })?.reason,
    ).toBeNull();
  });
});

describe('the receiving side', () => {
  it('never widens what the referring side may send, whatever it grants to itself', () => {
    const wide = [grantOf('receiving', 'package', ['exploitation', 'health', 'identity'])];
    const thread = say(after('receiving', 'packageReceived'), 'receiving', 'held', {
      grants: wide,
    });
    expect(lastVerdict(thread, 'receiving')?.verdict).toBe('counts');
    expect(notice(thread, { sections: ['exploitation'] })).toBe(
      'section exploitation: not-granted',
    );
  });
});

describe('a withdrawal', () => {
  const packaged = after('receiving', 'packageReceived');
  const partial = say(packaged, 'receiving', 'consentWithdrawn', partly('identity'));

  it('of some sections keeps those from every later message that had seen it', () => {
    expect(fold(partial).status).toBe('in-progress');
    expect(notice(partial)).toBe('section identity: withdrawn');
    expect(notice(partial, { sections: ['contact'] })).toBeNull();
  });

  it('does not make a message illegal whose author had not read it', () => {
    expect(notice(partial, { seen: packaged.receiving.length })).toBeNull();
  });

  it('ends the grant of a message that crossed it, too', () => {
    const grants = [grantOf('receiving', 'package', ['identity'])];
    const crossed = say(partial, 'referring', 'held', {
      grants,
      seen: packaged.receiving.length,
    });
    expect(notice(crossed)).toBe('section identity: withdrawn');
  });

  it('gives way to a fresh grant of an author who had read it', () => {
    const grants = [grantOf('receiving', 'package', ['identity'])];
    expect(notice(partial, { grants })).toBeNull();
    const own = say(packaged, 'referring', 'consentWithdrawn', partly('identity'));
    expect(notice(own)).toBe('section identity: withdrawn');
    expect(notice(own, { grants })).toBeNull();
  });

  it('of everything ends the referral, and nobody can take that back', () => {
    const whole = say(packaged, 'referring', 'consentWithdrawn');
    expect(fold(whole).status).toBe('withdrawn');
    const again = say(whole, 'referring', 'held', { grants: PACKAGE_GRANTS });
    expect(lastVerdict(again, 'referring')?.verdict).toBe('illegal');
    expect(notice(again)).toBe('the referral is withdrawn');
  });

  it('of everything but the meeting leaves contact, danger and arrival', () => {
    const thread = say(packaged, 'referring', 'consentWithdrawn', stillToBeMet);
    expect(fold(thread).status).toBe('in-progress');
    expect(notice(thread)).toBe('section identity: withdrawn');
    expect(notice(thread, { sections: ['contact', 'danger', 'arrival'] })).toBeNull();
  });

  it('counts whatever its times and its grants say, and brings no grant', () => {
    const grants = [grantOf('receiving', 'package', ['exploitation'])];
    const change = { ...partly('identity'), sentAt: START_SECONDS - DAY, grants };
    const thread = say(packaged, 'referring', 'consentWithdrawn', change);
    expect(lastVerdict(thread, 'referring')?.verdict).toBe('counts');
    expect(fold(thread).grants).toEqual(fold(packaged).grants);
    const asked = { stages: ['package'], atSeconds: START_SECONDS } as const;
    const recipient = grants[0]?.recipient ?? '';
    const { grants: kept, withdrawals } = fold(thread);
    expect(mayTravel({ ...asked, section: 'exploitation', recipient }, kept, withdrawals)).toBe(
      'not-granted',
    );
  });

  it('counts the same without its place as with it', () => {
    for (const change of [{}, partly('identity', 'danger'), stillToBeMet]) {
      for (const side of ['referring', 'receiving'] as const) {
        const whole = say(say(packaged, side, 'held'), side, 'consentWithdrawn', change);
        const entry = whole[side].at(-1);
        if (!entry) throw new Error('nothing was said');
        const early: Thread = { ...packaged, loose: [{ side, entry }] };
        const [placed, loose] = [fold(whole), fold(early)];
        expect(loose.status).toBe(placed.status);
        expect(loose.withdrawals).toEqual(placed.withdrawals);
        for (const section of ['identity', 'contact', 'danger', 'consent'] as const) {
          for (const to of ['referring', 'receiving'] as const) {
            const question = {
              section,
              recipient: grantOf(to, 'package', []).recipient,
              stages: ['package'] as const,
              atSeconds: START_SECONDS + 5 * DAY,
            };
            expect(mayTravel(question, loose.grants, loose.withdrawals)).toBe(
              mayTravel(question, placed.grants, placed.withdrawals),
            );
          }
        }
      }
    }
  });

  it('counts before the request is known', () => {
    const whole = say(after('referring', 'referralRequest'), 'referring', 'consentWithdrawn');
    const entry = whole.referring.at(-1);
    if (!entry) throw new Error('nothing was said');
    const early = fold({ ...EMPTY_THREAD, loose: [{ side: 'referring', entry }] });
    expect(early.status).toBe('withdrawn');
  });
});
