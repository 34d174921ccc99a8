import { describe, expect, it } from 'vitest';

import { takeTurns } from '#exchange/in-turn.ts';
import { limits } from '#model/limits.ts';

describe('turns of one referral', () => {
  it('are taken one after the other, an urgent one before all that waits', async () => {
    const inTurn = takeTurns();
    const first = Promise.withResolvers<void>();
    const done: string[] = [];
    const work = (name: string) => async () => void done.push(name);
    const all = [
      inTurn('r', async () => {
        await first.promise;
        done.push('running');
      }),
      inTurn('r', work('waiting')),
      inTurn('r', work('also waiting')),
      inTurn('r', work('urgent'), true),
    ];
    await inTurn('other', work('other referral'));
    first.resolve();
    await Promise.all(all);
    expect(done).toEqual(['other referral', 'running', 'urgent', 'waiting', 'also waiting']);
  });

  it('go on after one that fails, which alone is told', async () => {
    const inTurn = takeTurns();
    const failed = inTurn('r', () => Promise.reject(new Error('this one')));
    const next = inTurn('r', () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('this one');
    expect(await next).toBe('next');
    expect(await inTurn('r', () => Promise.resolve('later'))).toBe('later');
  });

  it('are refused beyond a bound, but never an urgent one', async () => {
    const inTurn = takeTurns();
    const first = Promise.withResolvers<void>();
    const running = inTurn('r', () => first.promise);
    const nothing = () => Promise.resolve();
    const waiting = Array.from({ length: limits.turnsWaitingMax }, () => inTurn('r', nothing));
    await expect(inTurn('r', nothing)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const urgent = inTurn('r', () => Promise.resolve('withdrawn'), true);
    first.resolve();
    expect(await urgent).toBe('withdrawn');
    await Promise.all([running, ...waiting]);
  });
});
