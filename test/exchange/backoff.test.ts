import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readUnverifiedPayload, signJws } from '#crypto/jws.ts';
import { RECEIPT_TYP } from '#exchange/context.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { codec } from '#wire/codec.ts';
import { draftOf, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let referralId: string;
/** Parcels that the referring node tried to bring. */
let tries: number;
beforeEach(async () => {
  pair = await startPair();
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
  tries = 0;
});
afterEach(() => pair[Symbol.asyncDispose]());

const corrected = () =>
  draftOf(referralId, { step: 'sectionCorrected', sectionCorrected: { corrects: 'minimum' } }, [
    'minimum',
  ]);
const confirm = () =>
  draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, ['workers']);

const held = () =>
  draftOf(referralId, { step: 'held', held: { reviewAt: 4_000_000_000 } }, ['reason']);

/** A loop without a pause would have had many tries by then. */
async function aWhile(): Promise<void> {
  for (let i = 0; i < 8; i += 1) {
    pair.referring.exchange.wake();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function confirmed(): Promise<void> {
  await pair.receiving.exchange.send(confirm());
  await pair.settle();
}

function alwaysAnswer(code: 'SYNC_FIRST' | 'CHAIN_FORK' | 'ENCRYPTION_KEY_RETIRED'): void {
  pair.onDeliver = (from, parcel) => {
    if (from !== 'referring') return parcel;
    tries += 1;
    throw new Refusal(code, 'Not now.');
  };
}

describe('a message', () => {
  it.each(['SYNC_FIRST', 'CHAIN_FORK', 'ENCRYPTION_KEY_RETIRED'] as const)(
    'that is always answered %s is tried by the backoff and no faster',
    async (code) => {
      await confirmed();
      alwaysAnswer(code);
      await pair.referring.exchange.send(corrected());
      await aWhile();
      expect(tries).toBe(1);
      for (const stepMs of limits.deliverBackoffMs.slice(0, 4)) {
        const before = tries;
        // Jitter lies in the second half of a step.
        pair.clock.ms += stepMs / 2 - 1;
        pair.referring.exchange.wake();
        await aWhile();
        expect(tries).toBe(before);
        pair.clock.ms += stepMs / 2 + 1;
        pair.referring.exchange.wake();
        await expect.poll(() => tries).toBe(before + 1);
        await aWhile();
        expect(tries).toBe(before + 1);
      }
    },
  );

  it('goes at once where the comparison after SYNC_FIRST brought what was missing', async () => {
    pair.onDeliver = (from, parcel) => {
      if (from === 'receiving') throw new Refusal('UNAVAILABLE', 'This one is lost.');
      tries += 1;
      if (tries === 1) throw new Refusal('SYNC_FIRST', 'Not now.');
      return parcel;
    };
    await confirmed();
    await pair.referring.exchange.send(held());
    await aWhile();
    expect(tries).toBe(2);
  });

  it('that is void there, and never read there, is not sent for ever', async () => {
    await confirmed();
    pair.onDeliver = (from, parcel) => {
      tries += from === 'referring' ? 1 : 0;
      return parcel;
    };
    pair.onReceipt = (from, jws) => {
      const receipt = codec.decodeReceipt(readUnverifiedPayload(jws));
      const key = pair[from].keyring.signing('message');
      const payload = codec.encodeReceipt({ ...receipt, verdict: 'void', sectionsTaken: [] });
      return signJws(key, RECEIPT_TYP, payload);
    };
    pair.onSync = (_, answers) => answers.map((answer) => ({ ...answer, read: null }));
    await pair.referring.exchange.send(corrected());
    await aWhile();
    // It, and once again both messages that the partner says it never read.
    expect(tries).toBeLessThanOrEqual(3);
  });
});
