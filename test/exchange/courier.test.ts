import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { withdrawal } from './adversary.ts';
import { draftOf, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let referralId: string;
/** Calls to the receiving node wait for this one, but for the first and the later ones. */
let hang: PromiseWithResolvers<string>;
let calls: number;
let hanging: number;
beforeEach(async () => {
  pair = await startPair();
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
  hang = Promise.withResolvers();
  calls = 0;
  hanging = limits.deliverAtOnceMax;
  pair.onDeliver = (from, parcel) => {
    if (from !== 'referring') return parcel;
    calls += 1;
    return calls <= hanging ? hang.promise.then(() => parcel) : parcel;
  };
});
afterEach(async () => {
  hang.resolve('');
  await pair[Symbol.asyncDispose]();
});

/** Every lane is busy with a partner that does not answer; as much again waits. */
async function fillLanes(): Promise<void> {
  for (let i = 0; i < 2 * limits.deliverAtOnceMax; i += 1) {
    await pair.referring.exchange.send(requestDraft(pair.clock));
  }
  await expect.poll(() => calls).toBe(limits.deliverAtOnceMax);
}

const statusThere = async () => (await pair.receiving.open(referralId)).state.status;

describe('a withdrawal, while every lane hangs', () => {
  it('goes out at once', async () => {
    await fillLanes();
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    await expect.poll(statusThere).toBe('withdrawn');
    expect(calls).toBe(limits.deliverAtOnceMax + 1);
  });

  it('is tried again as soon as it is due, after a first try that failed', async () => {
    await fillLanes();
    const { onDeliver } = pair;
    pair.onDeliver = (from, parcel) => {
      pair.onDeliver = onDeliver;
      if (from === 'referring') throw new Refusal('UNAVAILABLE', 'The link is down.');
      return parcel;
    };
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    const status = () => {
      pair.clock.pass(1);
      pair.referring.exchange.wake();
      return statusThere();
    };
    await expect.poll(status, { timeout: 4000 }).toBe('withdrawn');
  });

  it('is the first to be claimed by the node that was started again', async () => {
    hanging = Number.POSITIVE_INFINITY;
    await fillLanes();
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    hang.reject(new Refusal('UNAVAILABLE', 'The link is down.'));
    await pair.settle();
    hang = Promise.withResolvers();
    calls = 0;
    hanging = 0;
    let before = 0;
    pair.onDeliver = async (from, parcel) => {
      if (from === 'referring' && (await statusThere()) !== 'withdrawn') before += 1;
      return parcel;
    };
    pair.clock.pass(3600);
    await pair.referring.restart();
    await expect.poll(statusThere).toBe('withdrawn');
    expect(before).toBeLessThan(limits.deliverAtOnceMax + 2);
    await pair.settle();
  });

  it('is tried every few seconds for as long as the partner is away', async () => {
    pair.onDeliver = (from, parcel) => {
      calls += from === 'referring' ? 1 : 0;
      if (calls < 12) throw new Refusal('UNAVAILABLE', 'The link is down.');
      return parcel;
    };
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    for (let tries = 1; tries < 12; tries += 1) {
      await expect.poll(() => calls).toBe(tries);
      await pair.settle();
      pair.clock.pass(15);
      pair.referring.exchange.wake();
    }
    await expect.poll(statusThere).toBe('withdrawn');
  });
});

describe('a courier whose lanes are all busy', () => {
  it('does not ask the database after each delivery', async () => {
    hanging = 0;
    const { store, exchange } = pair.referring;
    const { claimDeliveries } = store;
    let claims = 0;
    store.claimDeliveries = (...args) => {
      claims += 1;
      return claimDeliveries(...args);
    };
    pair.onDeliver = async (_, parcel) => {
      await sleep(20);
      return parcel;
    };
    // Each waits for its receipt and goes on: all lanes busy, nothing behind them.
    const startMs = performance.now();
    const work = Array.from({ length: limits.deliverAtOnceMax }, async () => {
      for (let i = 0; i < 10; i += 1) {
        const draft = requestDraft(pair.clock);
        await exchange.send(draft);
        while (!(await store.load(draft.referralId)).messages[0]?.receipt) await sleep(2);
      }
    });
    await Promise.all(work);
    const seconds = (performance.now() - startMs) / 1000;
    expect(claims).toBeLessThan(5 + 5 * seconds);
  });
});
