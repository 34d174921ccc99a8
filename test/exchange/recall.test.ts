import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { open } from '#crypto/jwe.ts';
import type { Draft } from '#exchange/send.ts';
import { limits } from '#model/limits.ts';
import { codec } from '#wire/codec.ts';
import { withdrawal } from './adversary.ts';
import { draftOf, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
/** Sections in each parcel that reached the receiving side, in order. */
let seen: string[][];
beforeEach(async () => {
  pair = await startPair();
  seen = [];
});
afterEach(() => pair[Symbol.asyncDispose]());

async function sectionsIn(parcel: string): Promise<string[]> {
  const { kid } = pair.receiving.member.sealingKey;
  const key = pair.receiving.keyring.opening(kid);
  if (!key) throw new Error('the receiving side opens its parcels');
  const bytes = await open(parcel, key, limits.parcelJweBytesMax);
  return codec.decodeParcel(bytes).sections.map((s) => s.section);
}

function watchParcels(): void {
  pair.onDeliver = async (from, parcel) => {
    if (from === 'referring') seen.push(await sectionsIn(parcel));
    return parcel;
  };
}

/** While the sections of a message are read to be sealed, the person withdraws. */
function withdrawWhileSealing(referralId: string): void {
  const { store, exchange } = pair.referring;
  const { loadSections } = store;
  store.loadSections = async (...place) => {
    store.loadSections = loadSections;
    const sections = await loadSections(...place);
    await exchange.send(draftOf(referralId, withdrawal()));
    return sections;
  };
}

/** Sends it, and returns once it hangs on its way. */
async function hangWith(draft: Draft): Promise<void> {
  let isHanging = false;
  pair.onDeliver = (from, parcel) => {
    if (from !== 'referring') return parcel;
    isHanging = true;
    return Promise.withResolvers<string>().promise;
  };
  await pair.referring.exchange.send(draft);
  await expect.poll(() => isHanging).toBe(true);
  watchParcels();
}

async function sendAgain(): Promise<void> {
  const before = seen.length;
  pair.clock.pass(5);
  pair.referring.exchange.wake();
  await expect.poll(() => seen.length).toBe(before + 1);
  await pair.settle();
}

describe('a parcel with sections, when the person withdraws', () => {
  it('is taken back while it hangs on the way, and goes again without them', async () => {
    const draft = requestDraft(pair.clock);
    const { referralId } = draft;
    await hangWith(draft);
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    await pair.settle();
    expect(seen).toEqual([[]]);
    await sendAgain();
    const theirs = await pair.receiving.open(referralId);
    expect(theirs.thread.referring).toHaveLength(2);
    expect(theirs.state.status).toBe('withdrawn');
    expect(await pair.receiving.store.loadSections(referralId, 'peer', 1)).toEqual([]);
  });

  it('is taken back as well when the person speaks at the partner', async () => {
    const request = requestDraft(pair.clock);
    const { referralId } = request;
    await pair.referring.exchange.send(request);
    await pair.settle();
    const corrected = {
      step: 'sectionCorrected',
      sectionCorrected: { corrects: 'minimum' },
    } as const;
    await pair.receiving.exchange.send(
      draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, ['workers']),
    );
    await pair.settle();
    await hangWith(draftOf(referralId, corrected, ['minimum']));
    await pair.receiving.exchange.send(draftOf(referralId, withdrawal()));
    await pair.settle();
    await sendAgain();
    expect(seen).toEqual([[]]);
  });

  it('does not leave when it was sealed while the person spoke', async () => {
    watchParcels();
    const draft = requestDraft(pair.clock);
    withdrawWhileSealing(draft.referralId);
    await pair.referring.exchange.send(draft);
    await expect.poll(() => seen.length).toBe(1);
    await pair.settle();
    await sendAgain();
    expect(seen).toEqual([[], []]);
  });

  it('is not in the answer to a comparison of heads either', async () => {
    const draft = requestDraft(pair.clock);
    await pair.referring.exchange.send(draft);
    await pair.settle();
    const { referralId } = draft;
    const ask = () =>
      pair.referring.exchange.answerSync(pair.receiving.member, [
        { referralId, own: null, read: null, receiptsWanted: [] },
      ]);
    const [before] = await ask();
    expect(await sectionsIn(before?.mine[0]?.parcel ?? '')).toEqual(['minimum']);
    withdrawWhileSealing(referralId);
    expect(await ask()).toMatchObject([{ mine: [], more: true }]);
    const [after] = await ask();
    const given = await Promise.all((after?.mine ?? []).map(({ parcel }) => sectionsIn(parcel)));
    expect(given).toEqual([[], []]);
  });
});

describe('one answer to many heads', () => {
  it('seals no more parcels than one answer may hold', async () => {
    const drafts = Array.from({ length: limits.syncParcelsMax + 3 }, () =>
      requestDraft(pair.clock),
    );
    for (const draft of drafts) await pair.referring.exchange.send(draft);
    await pair.settle();
    const answers = await pair.referring.exchange.answerSync(
      pair.receiving.member,
      drafts.map(({ referralId }) => ({ referralId, own: null, read: null, receiptsWanted: [] })),
    );
    expect(answers.map(({ mine, more }) => [mine.length, more])).toEqual(
      drafts.map((_, i) => (i < limits.syncParcelsMax ? [1, false] : [0, true])),
    );
  });
});
