import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Adversary, adversaryOf, withdrawal } from './adversary.ts';
import { draftOf, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let theirs: Adversary;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  theirs = adversaryOf(pair, 'receiving');
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
});
afterEach(() => pair[Symbol.asyncDispose]());

const confirmed = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;

describe('messages that come at the same time', () => {
  it('the same bytes many times: one receipt, one message', async () => {
    const forged = await theirs.next(referralId, { body: confirmed, sections: ['workers'] });
    const receipts = await Promise.all(Array.from({ length: 12 }, () => theirs.give(forged)));
    expect(new Set(receipts).size).toBe(1);
    expect((await pair.referring.open(referralId)).thread.receiving).toHaveLength(1);
  });

  it('the same early withdrawal many times: one receipt', async () => {
    const forged = await theirs.next(referralId, {
      body: withdrawal(),
      change: {
        seq: 9,
        previous: (await pair.referring.open(referralId)).thread.referring[0]?.digest ?? '',
      },
    });
    const receipts = await Promise.all(Array.from({ length: 12 }, () => theirs.give(forged)));
    expect(new Set(receipts).size).toBe(1);
  });

  it('a withdrawal of ours goes before all that waits for its turn', async () => {
    const { exchange } = pair.referring;
    let taken = 0;
    const flood = Array.from({ length: 100 }, () =>
      exchange.context.inTurn(referralId, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        taken += 1;
      }),
    );
    await exchange.send(draftOf(referralId, withdrawal()));
    expect(taken).toBeLessThan(10);
    await Promise.all(flood);
  });
});
