import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { openStore } from '#store/open.ts';
import { NOW_MS, newReferral } from '#test/store/samples.ts';
import { type DeadlineWork, startClockwork } from '#tracking/clockwork.ts';

async function office(work: DeadlineWork) {
  const clock = { ms: NOW_MS, now: () => clock.ms };
  const store = await openStore({ url: 'sqlite::memory:', clock, log: silentLog });
  const { referralId } = await newReferral(store);
  const clockwork = startClockwork({ store, work, clock, log: silentLog });
  await clockwork.runDue();
  return {
    clock,
    referralId,
    runDue: () => clockwork.runDue(),
    set: (kind: string, dueAtMs: number) => store.setDeadline(referralId, { kind, dueAtMs }),
    async [Symbol.asyncDispose]() {
      await clockwork[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

describe('the clockwork', () => {
  it('does once what is due, and nothing before its time', async () => {
    const done: string[] = [];
    await using o = await office({ purge: async (id) => void done.push(id) });
    await o.set('purge', NOW_MS + 1);
    expect(await o.runDue()).toBe(0);
    o.clock.ms = NOW_MS + 1;
    expect(await o.runDue()).toBe(1);
    expect(await o.runDue()).toBe(0);
    expect(done).toEqual([o.referralId]);
  });

  it('tries again later what failed, and does the rest meanwhile', async () => {
    const done: string[] = [];
    let isBroken = true;
    await using o = await office({
      broken: async () => {
        if (isBroken) throw new Error('not now');
        done.push('broken');
      },
      whole: async () => void done.push('whole'),
    });
    await o.set('broken', NOW_MS - 2);
    await o.set('whole', NOW_MS - 1);
    await o.set('strange', NOW_MS - 3);
    expect(await o.runDue()).toBe(1);
    isBroken = false;
    expect(await o.runDue()).toBe(0);
    o.clock.ms += limits.deadlineRetryMs;
    expect(await o.runDue()).toBe(1);
    expect(done).toEqual(['whole', 'broken']);
  });
});
