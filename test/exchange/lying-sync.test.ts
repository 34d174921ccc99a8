import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readUnverifiedPayload } from '#crypto/jws.ts';
import { codec } from '#wire/codec.ts';
import { type Adversary, adversaryOf } from './adversary.ts';
import { sealed } from './forge.ts';
import { draftOf, IDS, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let theirs: Adversary;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  theirs = adversaryOf(pair, 'referring');
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
});
afterEach(() => pair[Symbol.asyncDispose]());

const corrected = { step: 'sectionCorrected', sectionCorrected: { corrects: 'minimum' } } as const;

describe('a partner that lies when heads are compared', () => {
  it('cannot bring in a late message under the receipt of another one', async () => {
    const now = Math.floor(pair.clock.now() / 1000);
    const late = await theirs.next(referralId, {
      body: corrected,
      sections: ['minimum'],
      change: { sentAt: now, expiresAt: now + 60 },
    });
    pair.clock.pass(3600);
    const [request] = (await pair.receiving.open(referralId)).stored.messages;
    pair.onSync = async (from, answers) => {
      if (from !== 'referring') return answers;
      const parcel = await sealed({ to: { ...pair.receiving.member } }, late);
      const mine = [{ parcel, receipt: request?.receipt ?? null }];
      return answers.map((answer) => ({ ...answer, mine }));
    };
    await pair.receiving.restart();
    const confirm = draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, [
      'workers',
    ]);
    await pair.receiving.exchange.send(confirm).catch(() => null);
    const { stored } = await pair.receiving.open(referralId);
    for (const { receipt, digest, author } of stored.messages.filter((m) => m.author === 'peer')) {
      const { messageDigest, receiver } = codec.decodeReceipt(readUnverifiedPayload(receipt ?? ''));
      expect({ author, messageDigest, receiver }).toEqual({
        author: 'peer',
        messageDigest: digest,
        receiver: IDS.receiving,
      });
    }
    expect(await pair.receiving.store.loadSections(referralId, 'peer', 2)).toEqual([]);
  });
});
