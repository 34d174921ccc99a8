import { copyFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { Refusal } from '#model/refusal.ts';
import { adversaryOf, withdrawal } from './adversary.ts';
import { sealed } from './forge.ts';
import { draftOf, grantTo, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
});
afterEach(() => pair[Symbol.asyncDispose]());

const corrected = () =>
  draftOf(referralId, { step: 'sectionCorrected', sectionCorrected: { corrects: 'minimum' } }, [
    'minimum',
  ]);
const confirm = () =>
  draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, ['workers']);
const held = () => draftOf(referralId, { step: 'held', held: { reviewAt: 4_000_000 } }, ['reason']);

describe('a node that was restored from an old copy', () => {
  it('hears of its own withdrawal, though what it had overtaken is lost for good', async () => {
    const { folder, referring, receiving } = pair;
    await receiving.exchange.send(confirm());
    await pair.settle();
    await referring.restart();
    await copyFile(folder.path('referring.db'), folder.path('referring-old.db'));
    pair.onDeliver = (from, parcel) => {
      if (from === 'referring') throw new Refusal('UNAVAILABLE', 'This one is lost.');
      return parcel;
    };
    await referring.exchange.send(held());
    await pair.settle();
    pair.onDeliver = (_, parcel) => parcel;
    await referring.exchange.send(
      draftOf(referralId, withdrawal({ whole: false, sections: ['minimum'] })),
    );
    await pair.settle();
    expect((await receiving.open(referralId)).thread.loose).toHaveLength(1);

    await referring.restart({ url: `sqlite:${folder.path('referring-old.db')}` });
    await expect(referring.exchange.send(corrected())).rejects.toMatchObject({
      code: 'CONSENT_WITHDRAWN',
    });
    const next = await referring.exchange.send(held());
    expect(next.seq).toBe(2);
    await pair.settle();
    const same = async () => [
      (await referring.open(referralId)).state,
      (await receiving.open(referralId)).state,
    ];
    const [ours, theirs] = await same();
    expect(theirs).toEqual(ours);
    expect(ours?.withdrawals).toHaveLength(1);

    // The number of the withdrawal is written again: a fork, seen alike by both.
    await referring.exchange.send(draftOf(referralId, { step: 'resumed', resumed: {} }));
    await pair.settle();
    const [after, there] = await same();
    expect(there).toEqual(after);
    expect(after).toMatchObject({ status: 'interrupted', withdrawals: [{ seq: 3 }] });
    await referring.exchange.send(draftOf(referralId, withdrawal()));
    await pair.settle();
    expect((await receiving.open(referralId)).state.status).toBe('withdrawn');
  });

  it('goes on although one thing that the partner gives back is bad', async () => {
    const { referring, receiving } = pair;
    const forged = await adversaryOf(pair, 'receiving').next(referralId, {
      body: confirm().body,
      change: { to: 'https://somebody-else.example' },
    });
    const parcel = await sealed({ to: referring.member }, forged);
    pair.onSync = (from, answers) => {
      if (from !== 'receiving') return answers;
      return answers.map((answer) => ({
        ...answer,
        mine: [{ parcel, receipt: 'no receipt' }],
        receipts: ['no.receipt.either', ...answer.receipts],
      }));
    };
    await referring.restart();
    const sent = await referring.exchange.send(held());
    expect(sent.seq).toBe(2);
    await pair.settle();
    expect((await receiving.open(referralId)).thread.referring).toHaveLength(2);
  });
});

describe('one act asked for twice', () => {
  it('is sent once; another act under its id is refused, and not taken for it', async () => {
    const act = held();
    const first = await pair.referring.exchange.send(act);
    expect(await pair.referring.exchange.send(act)).toEqual(first);
    const other = { ...draftOf(referralId, withdrawal()), messageId: act.messageId };
    await expect(pair.referring.exchange.send(other)).rejects.toMatchObject({ code: 'CONFLICT' });
    const narrow = draftOf(referralId, withdrawal({ whole: false, sections: ['report'] }));
    await pair.referring.exchange.send(narrow);
    const wide = { ...draftOf(referralId, withdrawal()), messageId: narrow.messageId };
    await expect(pair.referring.exchange.send(wide)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await pair.referring.open(referralId)).state.withdrawals).toHaveLength(1);
  });

  it('a request under the id of one to another partner or for another case is refused', async () => {
    const draft = requestDraft(pair.clock);
    const first = await pair.referring.exchange.send(draft);
    const again = { ...draft, referralId: uuid4() };
    expect(await pair.referring.exchange.send(again)).toMatchObject({
      referralId: first.referralId,
    });
    const opens = { partner: '', caseCode: '', localCode: '', ...draft.opens };
    for (const change of [{ partner: 'https://third.example' }, { localCode: 'TEST-2' }]) {
      const other = { ...again, opens: { ...opens, ...change } };
      await expect(pair.referring.exchange.send(other)).rejects.toMatchObject({ code: 'CONFLICT' });
    }
  });
});

describe('a section whose key is gone', () => {
  it('stays behind; the message goes on without it, and so does Sync', async () => {
    pair.onDeliver = (from, parcel) => {
      if (from === 'referring') throw new Refusal('UNAVAILABLE', 'The link is down.');
      return parcel;
    };
    const grants = [grantTo('receiving', 'contact', ['minimum'])];
    const draft = requestDraft(pair.clock, { grants });
    await pair.referring.exchange.send(draft);
    await pair.settle();
    const { keyFile } = pair.referring.exchange.context;
    keyFile.get = () => undefined;
    const heads = [{ referralId: draft.referralId, own: null, read: null, receiptsWanted: [] }];
    const [answer] = await pair.referring.exchange.answerSync(pair.receiving.member, heads);
    expect(answer?.mine).toHaveLength(1);
    pair.onDeliver = (_, parcel) => parcel;
    pair.clock.pass(5);
    pair.referring.exchange.wake();
    await expect
      .poll(async () => (await pair.receiving.open(draft.referralId)).state.status)
      .toBe('requested');
    expect(await pair.receiving.store.loadSections(draft.referralId, 'peer', 1)).toEqual([]);
    await pair.settle();
  });
});
