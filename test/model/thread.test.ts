import { describe, expect, it } from 'vitest';

import { fold } from '#model/referral.ts';
import { type Entry, precedingForks, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { after, bodyOf, digestOf, place, sample, say, tell, tryStep, write } from './story.ts';

const accepted = after('receiving', 'accepted');
const released = after('referring', 'packageReleased');

function verdicts(thread: Thread, side: Side): string[] {
  return fold(thread).verdicts[side].map((v) => v.verdict);
}

function refuse(thread: Thread, by: Side, target: Entry | undefined, seen?: number): Thread {
  if (!target) throw new Error('nothing to refuse');
  return say(thread, by, 'refused', {
    body: bodyOf('refused', { seq: target.envelope.seq, digest: target.digest, reason: 'late' }),
    ...(seen !== undefined && { seen }),
  });
}

describe('a refusal', () => {
  const refused = refuse(released, 'receiving', released.referring.at(-1));

  it('voids the message that it names', () => {
    expect(verdicts(refused, 'referring')).toEqual(['counts', 'counts', 'counts', 'void']);
    expect(fold(refused).status).toBe('accepted');
    expect(fold(refused).grants).toEqual(fold(accepted).grants);
  });

  it('voids every later message whose author had not read it, and no other', () => {
    const later = say(refused, 'referring', 'held', { seen: accepted.receiving.length });
    expect(verdicts(later, 'referring').slice(-2)).toEqual(['void', 'void']);
    expect(fold(later).referring.held).toBe(false);
    const again = say(later, 'referring', 'packageReleased');
    expect(verdicts(again, 'referring').at(-1)).toBe('counts');
    expect(fold(again).status).toBe('package-released');
  });

  it('voids no withdrawal and no refusal', () => {
    const mine = say(say(accepted, 'referring', 'held'), 'referring', 'consentWithdrawn');
    const thread = refuse(mine, 'receiving', mine.referring.at(-1));
    expect(verdicts(thread, 'referring').slice(-2)).toEqual(['counts', 'counts']);
    const first = refuse(mine, 'receiving', mine.referring.at(-2), mine.referring.length - 1);
    expect(verdicts(first, 'referring').slice(-2)).toEqual(['void', 'counts']);
    expect(fold(first).status).toBe('withdrawn');
  });

  it('of a message that its author had read before stands for nothing', () => {
    const read = say(released, 'receiving', 'packageReceived');
    const thread = refuse(read, 'receiving', released.referring.at(-1));
    expect(verdicts(thread, 'referring').at(-1)).toBe('counts');
    expect(fold(thread).status).toBe('in-progress');
  });

  it('of a message read before stands for nothing, even after a step back', () => {
    const read = say(released, 'receiving', 'packageReceived');
    const back = say(read, 'receiving', 'held', { seen: 1 });
    const thread = refuse(back, 'receiving', released.referring.at(-1));
    expect(verdicts(thread, 'referring').at(-1)).toBe('counts');
    expect(fold(thread).status).toBe('in-progress');
  });

  it('with another digest, or of a message not read yet, stands for nothing', () => {
    const seq = released.referring.length;
    const wrong = say(released, 'receiving', 'refused', {
      body: bodyOf('refused', { seq, digest: digestOf('other'), reason: 'late' }),
    });
    expect(verdicts(wrong, 'referring').at(-1)).toBe('counts');
    const unread = refuse(released, 'receiving', released.referring.at(-1), seq - 1);
    expect(verdicts(unread, 'referring').at(-1)).toBe('counts');
  });

  it('brings no grant', () => {
    const thread = say(released, 'receiving', 'refused', {
      body: bodyOf('refused', { seq: 1, digest: digestOf('other'), reason: 'late' }),
      grants: fold(released).grants.map((g) => g.grant),
    });
    expect(fold(thread).grants).toEqual(fold(released).grants);
  });

  it('that crosses another one leaves both standing', () => {
    const { receiving, referring } = accepted;
    const ours = say(accepted, 'referring', 'held', { seen: receiving.length });
    const both = say(ours, 'receiving', 'held', { seen: referring.length });
    const a = refuse(both, 'referring', both.receiving.at(-1), both.receiving.length);
    const b = refuse(a, 'receiving', both.referring.at(-1), both.referring.length);
    expect(verdicts(b, 'referring').slice(-2)).toEqual(['void', 'counts']);
    expect(verdicts(b, 'receiving').slice(-2)).toEqual(['void', 'counts']);
    expect(tryStep(b, 'referring', 'packageReleased')?.verdict).toBe('counts');
  });
});

describe('a body that is not understood', () => {
  it('counts as nothing and keeps its number', () => {
    const unread = write(accepted, 'referring', sample(accepted, 'referring', 'held'), false);
    const thread = place(accepted, 'referring', unread);
    expect(verdicts(thread, 'referring').at(-1)).toBe('unread');
    expect(fold(thread).status).toBe('accepted');
    expect(tryStep(thread, 'referring', 'packageReleased')?.verdict).toBe('counts');
    const refused = refuse(thread, 'receiving', unread);
    expect(verdicts(refused, 'referring').at(-1)).toBe('void');
  });

  it('folds for the one who cannot read it, once refused, as for the one who can', () => {
    const draft = sample(accepted, 'referring', 'held');
    const known = write(accepted, 'referring', draft);
    const mine = refuse(place(accepted, 'referring', known), 'receiving', known);
    const theirs = { ...mine, referring: [...accepted.referring, { ...known, content: null }] };
    expect(fold(theirs)).toEqual(fold(mine));
  });
});

describe('a fork', () => {
  const fork = { side: 'referring', seq: released.referring.length } as const;

  it('keeps what precedes it and interrupts the referral', () => {
    const state = fold({ ...released, forks: [fork] });
    expect(state.status).toBe('interrupted');
    expect(state.referring).toEqual(fold(accepted).referring);
    expect(state.verdicts.referring).toHaveLength(fork.seq - 1);
  });

  it('takes out what had read it, and what had read that', () => {
    const thread = tell(
      [
        ['receiving', 'packageReceived'],
        ['referring', 'held'],
        ['receiving', 'held'],
      ],
      released,
    );
    const kept = precedingForks({ ...thread, forks: [fork] });
    expect(kept.referring).toEqual(accepted.referring);
    expect(kept.receiving).toEqual(accepted.receiving);
  });

  it('folds equally for two who placed different ones of the two', () => {
    const one = say(say(accepted, 'referring', 'packageReleased'), 'referring', 'consentWithdrawn');
    const two = say(accepted, 'referring', 'failed');
    const [withdrawal] = one.referring.slice(-1) as [Entry];
    const first: Thread = { ...one, forks: [fork] };
    const loose = [{ side: 'referring', entry: withdrawal }] as const;
    const second: Thread = { ...two, forks: [fork], loose };
    expect(fold(second)).toEqual(fold(first));
    expect(fold(first).status).toBe('withdrawn');
  });

  it('of two withdrawals with one number and one id folds equally whichever is placed', () => {
    const one = say(accepted, 'referring', 'consentWithdrawn');
    const whole = one.referring.at(-1) as Entry;
    const body = bodyOf('consentWithdrawn', {
      ...(whole.content?.body.step === 'consentWithdrawn' && whole.content.body.consentWithdrawn),
      deleteSent: true,
    });
    const two = say(accepted, 'referring', 'consentWithdrawn', { body });
    const last = two.referring.at(-1) as Entry;
    const { messageId } = whole.envelope;
    const twin = { ...last, envelope: { ...last.envelope, messageId } };
    const forks = [{ side: 'referring', seq: twin.envelope.seq }] as const;
    const beside = (entry: Entry) => [{ side: 'referring', entry }] as const;
    const second = place(accepted, 'referring', twin);
    expect(fold({ ...second, forks, loose: beside(whole) })).toEqual(
      fold({ ...one, forks, loose: beside(twin) }),
    );
  });
});
