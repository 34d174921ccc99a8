// Which message it is and where it stands: Receiving 5 to 9.
import type { StepName } from '#model/message.ts';
import { bodyOf, DAY } from '#test/model/story.ts';
import { parties } from '../parties.ts';
import { Scribe, type Written } from '../scribe.ts';
import { givenSections } from './delivery.ts';
import { at, type Case, position, received, taken } from './receiving-case.ts';
import { day } from './scene.ts';

export async function knownBefore(): Promise<Case[]> {
  const { scribe, given } = await received();
  const risk = await scribe.draw('referring', 'riskAssessed', day(1));
  return [
    {
      check: 'R5',
      name: 'a message that was received before, now without its sections and days later',
      given: [...given, risk],
      arriving: given[0] as Written,
      now: at + 9 * DAY,
      sections: [],
      expect: { again: true },
    },
  ];
}

export async function pairs(): Promise<Case[]> {
  const { scribe, given } = await received();
  const { stranger } = await parties();
  const intruder = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { from: stranger.organisation },
    signer: stranger.message,
  });
  return [
    {
      check: 'R7',
      name: 'a stranger’s message in a referral of harbour and homeward',
      given,
      arriving: intruder,
      peer: 'stranger',
      expect: { error: 'NOT_FOUND', status: 'received' },
    },
  ];
}

export async function rivals(): Promise<Case[]> {
  const { scribe, given } = await received();
  const other = await new Scribe().draw('referring', 'referralRequest', {
    ...day(0),
    expiresAt: at + DAY,
  });
  const namesake = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { messageId: given[0]?.entry.envelope.messageId ?? '' },
  });
  const namesakeToo = await scribe.draw(
    'referring',
    'consentWithdrawn',
    {
      ...day(1),
    },
    { envelope: { messageId: given[0]?.entry.envelope.messageId ?? '' } },
  );
  return [
    {
      check: 'R8',
      name: 'a withdrawal with the id of a message that was taken, and a number of its own',
      given,
      arriving: namesakeToo,
      expect: { error: 'CHAIN_FORK', status: 'received' },
    },
    {
      check: 'R8',
      name: 'another message with the number of one that was taken: proof of a fork',
      given,
      arriving: other,
      now: at + DAY,
      expect: { error: 'CHAIN_FORK', status: 'interrupted' },
    },
    {
      check: 'R8',
      name: 'the second message of a fork again',
      given: [...given, other],
      arriving: other,
      now: at + DAY,
      expect: { error: 'CHAIN_FORK', status: 'interrupted' },
    },
    {
      check: 'R8',
      name: 'another message with the id of one that was taken',
      given,
      arriving: namesake,
      expect: { error: 'CHAIN_FORK', status: 'received' },
    },
  ];
}

/** Harbour's third number, after it used its second one twice. */
export async function behindForks(): Promise<Case[]> {
  const { scribe, given } = await received();
  const twice = await scribe.draw('referring', 'sectionCorrected', day(1));
  const risk = await scribe.say('referring', 'riskAssessed', day(1));
  const past = [...given, risk, twice];
  const confirmed = given[1]?.entry.digest ?? '';
  const body = bodyOf('refused', { seq: 1, digest: confirmed, reason: 'late' });
  const next = (step: StepName, change: object = {}) =>
    scribe.draw('referring', step, { ...day(2), ...change });
  const behind = (name: string, arriving: Written, verdict: string, status: string): Case => ({
    check: 'R13',
    name: `behind a fork, ${name}`,
    given: past,
    arriving,
    valid: verdict === 'taken',
    expect: taken(scribe, arriving, status, { verdict, sectionsTaken: [] }),
  });
  return [
    behind('a withdrawal counts', await next('consentWithdrawn'), 'taken', 'withdrawn'),
    behind('a step counts as nothing', await next('failed'), 'void', 'interrupted'),
    behind('a refusal counts as nothing', await next('refused', { body }), 'void', 'interrupted'),
  ];
}

export async function places(): Promise<Case[]> {
  const { scribe, given } = await received();
  const ahead = scribe.copy();
  await ahead.say('referring', 'riskAssessed', day(1));
  const gap = await ahead.draw('referring', 'failed', day(2));
  const torn = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { previous: Buffer.alloc(32, 1).toString('base64url') },
  });
  const endless = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { seen: { seq: 2, digest: Buffer.alloc(32, 1).toString('base64url') } },
  });
  const mistaken = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { seen: { seq: 1, digest: Buffer.alloc(32, 1).toString('base64url') } },
  });
  const loose = await scribe.draw('referring', 'riskAssessed', day(1), {
    envelope: { previous: '' },
  });
  const next = await scribe.draw('referring', 'riskAssessed', day(1));
  const wait = { error: 'SYNC_FIRST', status: 'received' };
  const early = (name: string, arriving: Written): Case => {
    return { check: 'R9', name, given, arriving, expect: wait };
  };
  return [
    early('a message after one that is missing', gap),
    early('a message that follows another than the last one', torn),
    early('a message that follows none, although it is the second', loose),
    early('a message that has read more than its reader wrote', endless),
    early('a message that has read another than its reader wrote', mistaken),
    {
      check: 'R14',
      name: 'the next message',
      given,
      arriving: next,
      expect: taken(scribe, next, 'received'),
    },
  ];
}

export async function withdrawals(): Promise<Case[]> {
  const { scribe, given } = await received();
  const ahead = scribe.copy();
  const missing = await ahead.say('referring', 'riskAssessed', day(1));
  const early = await ahead.draw('referring', 'consentWithdrawn', day(2));
  const late = await scribe.draw('referring', 'consentWithdrawn', {
    ...day(1),
    expiresAt: at + DAY + 60,
  });
  const first = new Scribe();
  await first.say('referring', 'referralRequest', day(0));
  const unknown = await first.draw('referring', 'consentWithdrawn', day(0));
  const body = { ...day(0), expiresAt: at + DAY, sections: ['note' as const] };
  const rival = await new Scribe().draw('referring', 'consentWithdrawn', body);
  const laden = await scribe.draw('referring', 'consentWithdrawn', {
    ...day(1),
    sections: ['workers'],
  });
  const [right] = givenSections(laden.contents);
  if (!right) throw new Error('it has a section');
  const beside = (
    check: string,
    name: string,
    arriving: Written,
    past: readonly Written[] = given,
    now = arriving.entry.envelope.sentAt,
  ): Case => ({
    check,
    name,
    given: past,
    arriving,
    now,
    expect: {
      verdict: 'taken',
      sectionsTaken: [],
      head: position(past.length > 0 ? scribe.thread.receiving.at(-1) : undefined),
      read: position(past.length > 0 ? scribe.thread.referring.at(-1) : undefined),
      status: 'withdrawn',
    },
  });
  return [
    beside('R9', 'a withdrawal after a message that is missing counts at once', early),
    beside('R9', 'a withdrawal before the request is known', unknown, []),
    beside('R9', 'a withdrawal from a clock that runs ahead', late, given, at),
    beside('R8', 'a withdrawal with a number that was taken: a fork, and it counts', rival),
    {
      check: 'R9',
      name: 'a withdrawal that came early, again',
      given: [...given, early],
      arriving: early,
      expect: { again: true },
    },
    {
      check: 'R9',
      name: 'the missing message: the withdrawal that waited takes its place after it',
      given: [...given, early],
      arriving: missing,
      now: at + 2 * DAY,
      expect: taken(scribe, missing, 'withdrawn', {
        // Its grants had not seen the withdrawal, so nothing is kept.
        sectionsTaken: [],
        read: position(early.entry),
      }),
    },
    {
      check: 'R11',
      name: 'a withdrawal is never late',
      given,
      arriving: late,
      now: at + 2 * DAY,
      expect: taken(scribe, late, 'withdrawn'),
    },
    {
      check: 'R12',
      name: 'a withdrawal with a section, and another one in the parcel: dropped unread',
      given,
      arriving: laden,
      sections: [{ ...right, section: 'note' }],
      expect: taken(scribe, laden, 'withdrawn', { sectionsTaken: [] }),
    },
  ];
}
