import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Refusal } from '#model/refusal.ts';
import { draftOf, grantTo, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
beforeEach(async () => {
  pair = await startPair();
});
afterEach(() => pair[Symbol.asyncDispose]());

async function request(): Promise<string> {
  const { referralId } = await pair.referring.exchange.send(requestDraft(pair.clock));
  await pair.settle();
  return referralId;
}

describe('a referral between two parties', () => {
  it('crosses over, gets a verified receipt, and both fold to the same state', async () => {
    const referralId = await request();
    const ours = await pair.referring.open(referralId);
    const theirs = await pair.receiving.open(referralId);
    expect(ours.stored.messages[0]?.receipt).toMatch(/^ey/);
    expect(theirs.stored.row?.status).toBe('requested');
    expect(theirs.state).toEqual(ours.state);
    const [section] = await pair.receiving.store.loadSections(referralId, 'peer', 1);
    expect(section?.section).toBe('minimum');
  });

  it('answers, in both directions', async () => {
    const referralId = await request();
    const confirm = draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, [
      'workers',
    ]);
    await pair.receiving.exchange.send(confirm);
    await pair.settle();
    const ours = await pair.referring.open(referralId);
    expect(ours.state.status).toBe('received');
    expect((await pair.receiving.open(referralId)).state).toEqual(ours.state);
  });

  it('gives the stored receipt, byte for byte, to the same message, after a restart too', async () => {
    const receipts: string[] = [];
    const parcels: string[] = [];
    pair.onDeliver = (_, parcel) => {
      parcels.push(parcel);
      return parcel;
    };
    pair.onReceipt = (_, receipt) => {
      receipts.push(receipt);
      return receipt;
    };
    await request();
    const again = await pair.receiving.exchange.receive(pair.referring.member, parcels[0] ?? '');
    await pair.receiving.restart();
    const later = await pair.receiving.exchange.receive(pair.referring.member, parcels[0] ?? '');
    expect([again, later]).toEqual([receipts[0], receipts[0]]);
  });

  it('goes out at the next start although the run before it died on its way', async () => {
    const asked = Promise.withResolvers<void>();
    const dying = Promise.withResolvers<string>();
    pair.onDeliver = () => {
      asked.resolve();
      return dying.promise;
    };
    const { referralId } = await pair.referring.exchange.send(requestDraft(pair.clock));
    await asked.promise;
    pair.onDeliver = (_, parcel) => parcel;
    await pair.referring.crash();
    await expect
      .poll(async () => (await pair.referring.open(referralId)).stored.messages[0]?.receipt)
      .toMatch(/^ey/);
    dying.reject(new Error('the process is gone'));
  });

  it('refuses an illegal step before it is sent, and stores nothing', async () => {
    const referralId = await request();
    const early = draftOf(referralId, { step: 'accepted', accepted: { secondPerson: true } }, [
      'offer',
    ]);
    await expect(pair.receiving.exchange.send(early)).rejects.toMatchObject({
      code: 'ILLEGAL_STEP',
    });
    expect((await pair.receiving.open(referralId)).stored.messages).toHaveLength(1);
  });

  it('never sends a section without a grant', async () => {
    const draft = requestDraft(pair.clock, {
      grants: [grantTo('receiving', 'contact', ['note'])],
    });
    await expect(pair.referring.exchange.send(draft)).rejects.toMatchObject({
      code: 'NOT_CONSENTED',
    });
  });

  it('sends a message again until its receipt came through, and applies it once', async () => {
    let lost = 0;
    pair.onReceipt = (_, receipt) => {
      lost += 1;
      if (lost === 1) throw new Refusal('UNAVAILABLE', 'The answer was lost.');
      return receipt;
    };
    const { referralId } = await pair.referring.exchange.send(requestDraft(pair.clock));
    await pair.settle();
    pair.clock.pass(5);
    pair.referring.exchange.wake();
    await expect
      .poll(async () => (await pair.referring.open(referralId)).stored.messages[0]?.receipt)
      .toMatch(/^ey/);
    expect((await pair.receiving.open(referralId)).stored.messages).toHaveLength(1);
  });
});

describe('a withdrawal', () => {
  it('counts at once beside the chain, closes what it covers, and ends the referral', async () => {
    const referralId = await request();
    const withdraw = draftOf(referralId, {
      step: 'consentWithdrawn',
      consentWithdrawn: {
        whole: true,
        sections: [],
        stopReports: true,
        deleteSent: true,
        endServices: false,
        meetingWish: 'not-asked',
      },
    });
    await pair.referring.exchange.send(withdraw);
    await pair.settle();
    const theirs = await pair.receiving.open(referralId);
    expect(theirs.state.status).toBe('withdrawn');
    expect(theirs.state).toEqual((await pair.referring.open(referralId)).state);
  });
});

describe('after a restart', () => {
  it('heads are compared before anything new is written', async () => {
    const referralId = await request();
    await pair.receiving.restart();
    const before = await pair.receiving.open(referralId);
    await pair.receiving.exchange.send(
      draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, ['workers']),
    );
    const after = await pair.receiving.open(referralId);
    expect(before.stored.row?.comparedBoot).not.toBe(after.stored.row?.comparedBoot);
    await pair.settle();
    expect((await pair.referring.open(referralId)).state.status).toBe('received');
  });
});
