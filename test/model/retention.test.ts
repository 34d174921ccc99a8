import { describe, expect, it } from 'vitest';
import { deadlines } from '#model/deadlines.ts';
import type { StepBody } from '#model/message.ts';
import { fold } from '#model/referral.ts';
import { erasuresDue, evidenceEndsAtMs } from '#model/retention.ts';
import type { Thread } from '#model/thread.ts';
import {
  after,
  bodyOf,
  CONTACT_GRANTS,
  DAY,
  grantOf,
  place,
  START_SECONDS,
  sample,
  say,
  tell,
  write,
} from './story.ts';

const dayMs = (days: number): number => (START_SECONDS + days * DAY) * 1000;

/** Sections of a kind of erasure, and on which day of the story; undefined for none. */
function dueOf(thread: Thread, kind: string): { days: number; sections: string[] } | undefined {
  const due = erasuresDue(thread, fold(thread)).find((one) => one.kind.split(':', 1)[0] === kind);
  return due && { days: (due.dueAtMs / 1000 - START_SECONDS) / DAY, sections: [...due.sections] };
}

const END_DAY = 20;
const at = { sentAt: START_SECONDS + END_DAY * DAY };
const asked = after('receiving', 'clarificationAsked');
const released = after('referring', 'packageReleased');
const handed = after('referring', 'caseManagementHanded');

function withdrawn(thread: Thread, change: Partial<StepBody<'consentWithdrawn'>> = {}): Thread {
  const { consentWithdrawn } = sample(thread, 'referring', 'consentWithdrawn').body as never;
  const body = bodyOf('consentWithdrawn', { ...(consentWithdrawn as object), ...change });
  return say(thread, 'referring', 'consentWithdrawn', { ...at, body });
}

const cancelled = tell(
  [
    ['referring', 'cancellationRequested', at],
    ['receiving', 'cancellationConfirmed', at],
  ],
  asked,
);

/** Days after the end, on day 20; the evidence goes 1826 days after it. */
const ENDS: readonly [name: string, thread: Thread, days: number][] = [
  ['declined', say(asked, 'receiving', 'declined', at), 30],
  ['expired', say(asked, 'referring', 'expired', at), 30],
  ['cancelled', cancelled, 30],
  ['failed', say(released, 'referring', 'failed', at), 30],
  ['entered-in-error', say(released, 'referring', 'enteredInError', at), 30],
  ['completed', say(handed, 'receiving', 'completed', at), 365],
  ['withdrawn', withdrawn(released), 7],
];

describe('what is kept of a referral', () => {
  for (const [status, thread, days] of ENDS) {
    it(`that is ${status} goes ${days} days after its end, the evidence after five years`, () => {
      expect(fold(thread).status).toBe(status);
      const due = dueOf(thread, 'erase-ended');
      expect(due?.days).toBe(END_DAY + days);
      expect(due?.sections).toEqual(expect.arrayContaining(['minimum', 'danger', 'contact']));
      expect(evidenceEndsAtMs(thread, fold(thread))).toBe(dayMs(END_DAY + 1826));
    });
  }

  it('has a deadline at both sides, and none for the end while it goes on', () => {
    const completed = say(handed, 'receiving', 'completed', at);
    for (const side of ['referring', 'receiving'] as const) {
      const kinds = deadlines(side, completed, fold(completed)).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['erase-ended', 'remove-evidence']));
      const open = deadlines(side, handed, fold(handed)).map(({ kind }) => kind);
      expect(open).not.toContain('erase-ended');
      expect(open).not.toContain('remove-evidence');
    }
  });

  it('runs out 90 days after its last grant where nobody ends it', () => {
    const grants = CONTACT_GRANTS.map((grant) => ({
      ...grant,
      until: START_SECONDS + 30 * DAY,
    }));
    const thread = tell([['referring', 'referralRequest', { grants }]]);
    expect(dueOf(thread, 'erase-ended')?.days).toBe(120);
    const later = grantOf('receiving', 'contact', ['minimum'], START_SECONDS + 60 * DAY);
    const longer = tell([['referring', 'referralRequest', { grants: [...grants, later] }]]);
    expect(dueOf(longer, 'erase-ended')?.days).toBe(150);
  });

  it('of the work ends with it, but what was said after the end stays 30 days', () => {
    const declined = say(asked, 'receiving', 'declined', at);
    expect(dueOf(declined, 'erase-working')).toEqual({
      days: END_DAY + 30,
      sections: ['workers', 'offer', 'reason', 'breach'],
    });
    const told = say(declined, 'receiving', 'erasureConfirmed', {
      sentAt: START_SECONDS + 40 * DAY,
      sections: ['reason'],
    });
    expect(dueOf(told, 'erase-working')?.days).toBe(70);
    expect(dueOf(told, 'erase-ended')?.days).toBe(END_DAY + 30);
  });
});

describe('where and when somebody arrives', () => {
  it('goes seven days after the arrival, and after the last one', () => {
    const arrived = after('receiving', 'arrived');
    expect(dueOf(released, 'erase-arrival')).toBeUndefined();
    expect(dueOf(arrived, 'erase-arrival')).toEqual({ days: 17, sections: ['arrival'] });
  });
});

describe('what a person takes back', () => {
  it('goes after seven days, and at once where that is asked for', () => {
    const week = dueOf(withdrawn(released), 'erase-withdrawn');
    expect(week?.days).toBe(END_DAY + 7);
    expect(week?.sections).toEqual(expect.arrayContaining(['minimum', 'danger', 'identity']));
    expect(week?.sections).not.toContain('workers');
    expect(dueOf(withdrawn(released, { deleteSent: true }), 'erase-withdrawn')?.days).toBe(20);
  });

  it('in part goes in part', () => {
    const part = withdrawn(released, { whole: false, sections: ['identity'] });
    expect(dueOf(part, 'erase-withdrawn')).toEqual({ days: 27, sections: ['identity'] });
    expect(dueOf(part, 'erase-ended')?.days).toBeGreaterThan(200);
  });

  it('stays where the person gives it again, knowing of the withdrawal', () => {
    const part = withdrawn(released, { whole: false, sections: ['identity', 'danger'] });
    const again = grantOf('receiving', 'package', ['danger']);
    const given = say(part, 'referring', 'safetyNotice', { ...at, grants: [again] });
    expect(fold(given).verdicts.referring.at(-1)?.verdict).toBe('counts');
    expect(dueOf(given, 'erase-withdrawn')?.sections).toEqual(['identity']);
    // One that crossed it gives nothing back.
    const notice = sample(released, 'receiving', 'safetyNotice', at);
    const crossed = write(part, 'receiving', {
      ...notice,
      seen: released.referring.length,
      grants: [grantOf('receiving', 'package', ['danger'])],
    });
    const both = place(part, 'receiving', crossed);
    expect(dueOf(both, 'erase-withdrawn')?.sections).toEqual(['identity', 'danger']);
  });

  it('leaves what a meeting needs until a day after it, and 30 days where there was none', () => {
    const travelling = after('referring', 'departed');
    const wish = { meetingWish: 'yes' } as const;
    const waits = withdrawn(travelling, wish);
    expect(dueOf(waits, 'erase-withdrawn')?.sections).not.toContain('contact');
    const meeting = ['contact', 'danger', 'arrival'];
    expect(dueOf(waits, 'erase-met')).toEqual({ days: 50, sections: meeting });
    const met = say(waits, 'receiving', 'arrived', { sentAt: START_SECONDS + 29 * DAY });
    expect(dueOf(met, 'erase-met')).toEqual({ days: 30, sections: meeting });
    const soon = say(waits, 'receiving', 'arrived', { sentAt: START_SECONDS + 21 * DAY });
    expect(dueOf(soon, 'erase-met')?.days).toBe(27);
  });
});

describe('the answer that each side owes', () => {
  it('is missed a day after its time, until it is there', () => {
    const thread = withdrawn(released);
    const withdrawalId = fold(thread).withdrawals[0]?.messageId ?? '';
    const body = bodyOf('erasureConfirmed', { withdrawalId, erased: [], kept: [] });
    const answered = say(thread, 'receiving', 'erasureConfirmed', { ...at, body });
    const kindsOf = (side: 'referring' | 'receiving', t: Thread) =>
      deadlines(side, t, fold(t)).filter(({ kind }) => kind.endsWith(withdrawalId));
    const ours = { kind: `erase-withdrawn:${withdrawalId}`, dueAtMs: dayMs(27) };
    const theirs = { kind: `erasure-missing:${withdrawalId}`, dueAtMs: dayMs(28) };
    expect(kindsOf('referring', thread)).toEqual([ours, theirs]);
    expect(kindsOf('receiving', thread)).toEqual([ours, theirs]);
    expect(kindsOf('referring', answered)).toEqual([ours]);
    // Our word is no proof that nothing is there: the clock looks, at every start.
    expect(kindsOf('receiving', answered)).toEqual([ours, theirs]);
  });
});

describe('a yes to the package', () => {
  it('is asked for again two weeks before it ends, by the referring side', () => {
    const find = (side: 'referring' | 'receiving', t: Thread) =>
      deadlines(side, t, fold(t)).find(({ kind }) => kind === 'renew-consent')?.dueAtMs;
    expect(find('referring', released)).toBe(dayMs(351));
    expect(find('receiving', released)).toBeUndefined();
    expect(find('referring', asked)).toBeUndefined();
    expect(find('referring', withdrawn(released))).toBeUndefined();
  });
});
