import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Adversary, adversaryOf, withdrawal } from './adversary.ts';
import { draftOf, grantTo, IDS, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let theirs: Adversary;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  theirs = adversaryOf(pair, 'referring');
  const request = requestDraft(pair.clock);
  // A yes for the package, which may stand in the request already.
  const grants = [...request.grants, grantTo('receiving', 'package', ['identity'])];
  ({ referralId } = await pair.referring.exchange.send({ ...request, grants }));
  await pair.settle();
});
afterEach(() => pair[Symbol.asyncDispose]());

async function heldOf(seq: number): Promise<string[]> {
  const held = await pair.receiving.store.loadSections(referralId, 'peer', seq);
  return held.filter((s) => s.sealed !== null).map((s) => s.section);
}

describe('no name before acceptance', () => {
  it('comes in with a withdrawal of something else', async () => {
    await theirs.strike(referralId, {
      body: withdrawal({ whole: false, sections: ['report'] }),
      sections: ['identity'],
    });
    expect(await heldOf(2)).toEqual([]);
    expect((await pair.receiving.open(referralId)).state.withdrawals).toHaveLength(1);
  });

  it('comes in with a refusal', async () => {
    const { digest } = await adversaryOf(pair, 'receiving').next(referralId, {
      body: { step: 'receiptConfirmed', receiptConfirmed: {} },
    });
    await theirs.strike(referralId, {
      body: { step: 'refused', refused: { seq: 1, digest, reason: 'late' } },
      sections: ['identity'],
    });
    expect(await heldOf(2)).toEqual([]);
  });

  it('comes in with a step that may carry sections, but not this one', async () => {
    for (const body of [
      { step: 'sectionCorrected', sectionCorrected: { corrects: 'identity' } },
      { step: 'safetyNotice', safetyNotice: {} },
      {
        step: 'packageReleased',
        packageReleased: { reconfirmedAt: 1, secondPerson: false, short: false },
      },
      { step: 'clarificationGiven', clarificationGiven: { answersSeq: 1 } },
      { step: 'held', held: { reviewAt: 1 } },
    ] as const) {
      await theirs.strike(referralId, { body, sections: ['identity'] });
      const { thread, state } = await pair.receiving.open(referralId);
      expect(state.verdicts.referring.at(-1)?.verdict).toBe('illegal');
      expect(await heldOf(thread.referring.length)).toEqual([]);
    }
  });
});

describe('a withdrawal of ours', () => {
  it('is not sent with sections or grants, for nobody would take them', async () => {
    const draft = draftOf(referralId, withdrawal(), ['reason']);
    await expect(pair.referring.exchange.send(draft)).rejects.toMatchObject({
      code: 'ILLEGAL_STEP',
    });
    const grants = [grantTo('receiving', 'package', ['health'])];
    await expect(
      pair.referring.exchange.send(draftOf(referralId, withdrawal(), [], grants)),
    ).rejects.toMatchObject({ code: 'ILLEGAL_STEP' });
    const { thread } = await pair.referring.open(referralId);
    expect(thread.referring.map((e) => e.envelope.to)).toEqual([IDS.receiving]);
  });
});
