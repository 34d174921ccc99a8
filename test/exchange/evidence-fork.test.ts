import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { exportEvidence } from '#exchange/evidence.ts';
import { verifyEvidence } from '#exchange/verify-evidence.ts';
import { codec } from '#wire/codec.ts';
import { adversaryOf, withdrawal } from './adversary.ts';
import { type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair[Symbol.asyncDispose]());

describe('evidence of a referral', () => {
  it('verifies where a number was used twice, once by a withdrawal that waits for its place', async () => {
    const { referralId } = await pair.referring.exchange.send(requestDraft(pair.clock));
    await pair.settle();
    const adversary = adversaryOf(pair, 'referring');
    const ahead = { sentAt: Math.floor(pair.clock.now() / 1000) + 900 };
    await adversary.strike(referralId, { body: withdrawal(), change: ahead });
    const rival = { step: 'cancellationRequested', cancellationRequested: {} } as const;
    const struck = adversary.strike(referralId, { body: rival, sections: ['reason'] });
    await expect(struck).rejects.toMatchObject({ code: 'CHAIN_FORK' });
    const { context } = pair.receiving.exchange;
    const report = await verifyEvidence(codec, await exportEvidence(context, referralId));
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report.status).toBe('withdrawn');
  });
});
