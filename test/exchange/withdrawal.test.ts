import { copyFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { limits } from '#model/limits.ts';
import { type Adversary, adversaryOf, withdrawal } from './adversary.ts';
import { draftOf, type Pair, requestDraft, startPair } from './pair.ts';

let pair: Pair;
/** Speaks for the referring side, whatever its node would say. */
let theirs: Adversary;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  theirs = adversaryOf(pair, 'referring');
  ({ referralId } = await pair.referring.exchange.send(requestDraft(pair.clock)));
  await pair.settle();
});
afterEach(() => pair[Symbol.asyncDispose]());

const confirm = () =>
  draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, ['workers']);
const corrected = { step: 'sectionCorrected', sectionCorrected: { corrects: 'minimum' } } as const;
const seconds = () => Math.floor(pair.clock.now() / 1000);

describe('a withdrawal that comes in', () => {
  it('from a clock that runs ahead counts at once, and has its place when its time comes', async () => {
    const sentAt = seconds() + 3600;
    const times = { sentAt, expiresAt: sentAt + 60 };
    const ahead = await theirs.next(referralId, { body: withdrawal(), change: times });
    const receipt = await theirs.give(ahead);
    const early = await pair.receiving.open(referralId);
    expect(early.state.status).toBe('withdrawn');
    expect(early.thread.referring).toHaveLength(1);
    pair.clock.pass(7200);
    expect(await theirs.give(ahead)).toBe(receipt);
    const late = await pair.receiving.open(referralId);
    expect(late.thread.referring).toHaveLength(2);
    expect(late.state.status).toBe('withdrawn');
  });

  it('with a number that is taken counts and is answered, after a restart too', async () => {
    await theirs.strike(referralId, { body: corrected, sections: ['minimum'] });
    const { thread } = await pair.receiving.open(referralId);
    const previous = thread.referring[0]?.digest ?? '';
    const second = await theirs.next(referralId, {
      body: withdrawal(),
      change: { seq: 2, previous },
    });
    const receipt = await theirs.give(second);
    expect((await pair.receiving.open(referralId)).state.status).toBe('withdrawn');
    expect(await theirs.give(second)).toBe(receipt);
    await pair.receiving.restart();
    expect(await theirs.give(second)).toBe(receipt);
  });

  it('with sections that do not fit it counts all the same', async () => {
    const forged = await theirs.next(referralId, { body: withdrawal(), sections: ['minimum'] });
    const spoiled = forged.sections.map((s) => ({ ...s, content: new Uint8Array([1]) }));
    await theirs.give({ ...forged, sections: spoiled });
    expect((await pair.receiving.open(referralId)).state.status).toBe('withdrawn');
  });

  it('is held aside up to a bound, beyond which it is told to wait', async () => {
    for (let seq = 3; seq < 3 + limits.parkedPerReferralMax; seq += 1) {
      await theirs.strike(referralId, { body: withdrawal({ whole: false }), change: { seq } });
    }
    const beyond = theirs.strike(referralId, { body: withdrawal(), change: { seq: 999 } });
    await expect(beyond).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await pair.receiving.open(referralId)).stored.messages).toHaveLength(
      1 + limits.parkedPerReferralMax,
    );
  });

  it('counts although as many forks are kept as may be, and the next is told and not kept', async () => {
    const again = () => theirs.strike(referralId, { body: corrected, change: { seq: 1 } });
    const kept = async () => (await pair.receiving.open(referralId)).stored.messages.length;
    for (let i = 0; i < limits.parkedPerReferralMax; i += 1) {
      await expect(again()).rejects.toMatchObject({ code: 'CHAIN_FORK' });
    }
    expect(await kept()).toBe(1 + limits.parkedPerReferralMax);
    await expect(again()).rejects.toMatchObject({ code: 'CHAIN_FORK' });
    expect(await kept()).toBe(1 + limits.parkedPerReferralMax);
    await theirs.strike(referralId, { body: withdrawal(), change: { seq: 1 } });
    expect((await pair.receiving.open(referralId)).state.status).toBe('withdrawn');
    expect(await kept()).toBe(2 + limits.parkedPerReferralMax);
  });

  it('having seen what we lost has its place once that came back, and the chain goes on', async () => {
    const { folder, receiving, referring } = pair;
    await receiving.restart();
    await copyFile(folder.path('receiving.db'), folder.path('receiving-old.db'));
    await receiving.exchange.send(confirm());
    await pair.settle();
    await receiving.restart({ url: `sqlite:${folder.path('receiving-old.db')}` });
    await referring.exchange.send(
      draftOf(referralId, withdrawal({ whole: false, sections: ['report'] })),
    );
    await referring.exchange.send(draftOf(referralId, corrected, ['minimum']));
    await expect
      .poll(async () => {
        pair.clock.pass(20);
        referring.exchange.wake();
        receiving.exchange.wake();
        const { thread } = await receiving.open(referralId);
        return [thread.referring.length, thread.receiving.length, thread.loose.length];
      })
      .toEqual([3, 1, 0]);
    await pair.settle();
    expect((await receiving.open(referralId)).state).toEqual(
      (await referring.open(referralId)).state,
    );
  });
});

describe('a withdrawal of ours', () => {
  it('is said although the partner is no live member, and delivered once it is one again', async () => {
    pair.gone.add('receiving');
    await expect(pair.referring.exchange.send(requestDraft(pair.clock))).rejects.toMatchObject({
      code: 'NOT_A_MEMBER',
    });
    await pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    expect((await pair.referring.open(referralId)).state.status).toBe('withdrawn');
    pair.gone.clear();
    await expect
      .poll(async () => {
        pair.clock.pass(20);
        pair.referring.exchange.wake();
        return (await pair.receiving.open(referralId)).state.status;
      })
      .toBe('withdrawn');
  });

  it('has a number although the partner filled our chain with refusals', async () => {
    const { referring } = pair;
    const open = await referring.open(referralId);
    const spam = adversaryOf(pair, 'receiving');
    const last = limits.messagesPerChainMax - limits.numbersKeptForWithdrawals;
    // What refusing so many messages leaves behind, written straight to the store.
    const own = adversaryOf(pair, 'referring');
    const filler = [];
    let previous = open.thread.referring[0]?.digest ?? '';
    for (let seq = 2; seq <= last; seq += 1) {
      const change = { seq, previous };
      const forged = await own.next(referralId, { body: { step: 'resumed', resumed: {} }, change });
      previous = forged.digest;
      filler.push({ seq, ...forged });
    }
    const { row } = open.stored;
    if (!row) throw new Error('the request is stored');
    const now = pair.clock.now();
    await referring.store.commit(referralId, {
      expectVersion: row.version,
      row: { ...row, version: row.version + 1, ownHead: { seq: last, digest: previous } },
      insert: filler.map(({ seq, jws, digest, message }) => ({
        referralId,
        partner: row.partner,
        author: 'own',
        seq,
        messageId: message.messageId,
        digest,
        jws,
        placement: 'placed',
        receipt: null,
        storedAtMs: now,
        receiptAtMs: null,
        byStaff: null,
        byRole: null,
      })),
      place: [],
      sections: [],
      deliveries: [],
      events: [],
      tasks: [],
      doneTasks: [],
      deadlines: [],
      goneDeadlines: [],
    });
    const act = draftOf(referralId, corrected, ['minimum']);
    await expect(referring.exchange.send(act)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const late = { sentAt: 1, expiresAt: 2, messageId: uuid4() };
    const refusable = spam.strike(referralId, { body: confirm().body, change: late });
    await expect(refusable).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const sent = await referring.exchange.send(draftOf(referralId, withdrawal()));
    expect(sent).toMatchObject({ seq: last + 1, status: 'withdrawn' });
  });
});
