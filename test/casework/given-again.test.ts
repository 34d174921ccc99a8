import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { Draft } from '#exchange/send.ts';
import { Refusal } from '#model/refusal.ts';
import { otherSide, type Side } from '#model/track.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { draftOf, grantTo } from '#test/exchange/pair.ts';
import { storyUpTo, walk } from '#test/exchange/walk.ts';
import { by, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let theirs: Person;
let referralId: string;
beforeEach(async () => {
  offices = await openOffices();
  theirs = await offices.receiving.hire('key-worker');
  referralId = await walk(offices.pair, storyUpTo('receiving', 'packageReceived'));
});
afterEach(() => offices[Symbol.asyncDispose]());

/** What the receiving organisation reads of a section, or why it does not. */
async function reading(section: 'identity' | 'contact'): Promise<string> {
  const asked = { referralId, section };
  try {
    const { content } = await offices.receiving.api.openSection(asked, by(theirs));
    return new TextDecoder().decode(content);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const partly = () => withdrawal({ whole: false, sections: ['identity'], deleteSent: false });

/** A newer identity with a fresh yes. */
function givenAgain(text: string): Draft {
  const corrects = {
    step: 'sectionCorrected',
    sectionCorrected: { corrects: 'identity' },
  } as const;
  const grants = [grantTo('receiving', 'package', ['identity'])];
  const content = new TextEncoder().encode(text);
  return {
    ...draftOf(referralId, corrects, [], grants),
    sections: [{ section: 'identity', content }],
  };
}

/** What both sides say of the newest message of the referring one. */
async function verdicts(): Promise<unknown[]> {
  const states = [
    await offices.pair.referring.open(referralId),
    await offices.pair.receiving.open(referralId),
  ];
  return states.map(({ state }) => state.verdicts.referring.at(-1)?.verdict);
}

describe('what was withdrawn', () => {
  it.each(['referring', 'receiving'] as const)(
    'at the %s side is given again by a yes that had seen it',
    async (side: Side) => {
      await offices.pair[side].exchange.send(draftOf(referralId, partly()));
      await offices.pair.settle();
      offices.pair.clock.pass(60);
      expect(await reading('identity')).toBe('CONSENT_WITHDRAWN');
      expect(await reading('contact')).toContain('contact');
      await offices.pair.referring.exchange.send(givenAgain('{"test":"again"}'));
      await offices.pair.settle();
      expect(await reading('identity')).toBe('{"test":"again"}');
      expect(await verdicts()).toEqual(['counts', 'counts']);
    },
  );

  it('stays closed by a yes that crossed it, though the step counts', async () => {
    const { pair } = offices;
    pair.onDeliver = () => {
      throw new Refusal('UNAVAILABLE', 'The link is cut.');
    };
    await pair.receiving.exchange.send(draftOf(referralId, partly()));
    await pair.referring.exchange.send(givenAgain('{"test":"crossed"}'));
    await pair.settle();
    pair.onDeliver = (_, parcel) => parcel;
    await expect
      .poll(async () => {
        pair.clock.pass(20);
        for (const side of ['referring', 'receiving'] as const) pair[side].exchange.wake();
        await pair.settle();
        const { state } = await pair.referring.open(referralId);
        return [state.withdrawals.length, ...(await verdicts())];
      })
      .toEqual([1, 'counts', 'counts']);
    expect(await reading('identity')).toBe('CONSENT_WITHDRAWN');
    const rows = await pair.receiving.store.listSections(referralId);
    const newest = rows
      .filter(({ section }) => section === 'identity')
      .toSorted((a, b) => b.seq - a.seq);
    const held = newest.filter(({ sealed }) => sealed !== null);
    expect(held.map(({ seq }) => seq)).not.toContain(
      (await pair.receiving.open(referralId)).thread.referring.length,
    );
  });

  it('whole is given again by a new referral alone', async () => {
    await offices.pair.referring.exchange.send(draftOf(referralId, withdrawal()));
    await offices.pair.settle();
    const again = offices.pair.referring.exchange.send(givenAgain('{"test":"again"}'));
    await expect(again).rejects.toMatchObject({ code: 'ILLEGAL_STEP' });
    expect(await reading('identity')).toBe('CONSENT_WITHDRAWN');
  });

  it('and erased does not come back; only what is sent anew with a fresh yes is there', async () => {
    const { pair } = offices;
    await pair.referring.exchange.send(draftOf(referralId, partly()));
    await pair.settle();
    pair.clock.pass(8 * 24 * 60 * 60);
    for (const side of ['referring', 'receiving'] as const) await offices[side].runDue();
    await pair.settle();
    const rows = async () =>
      (await pair.receiving.store.listSections(referralId)).filter(
        ({ section, sealed }) => section === 'identity' && sealed !== null,
      );
    expect(await rows()).toEqual([]);
    pair.clock.pass(60);
    await pair.referring.exchange.send(givenAgain('{"test":"anew"}'));
    await pair.settle();
    expect(await reading('identity')).toBe('{"test":"anew"}');
    expect(await rows()).toHaveLength(1);
  });
});

it('the receiving side cannot give again for the referring one', async () => {
  await offices.pair.referring.exchange.send(draftOf(referralId, partly()));
  await offices.pair.settle();
  offices.pair.clock.pass(60);
  const note = { step: 'sectionCorrected', sectionCorrected: { corrects: 'note' } } as const;
  const draft = draftOf(
    referralId,
    note,
    ['note'],
    [grantTo('receiving', 'package', ['identity'])],
  );
  await offices.pair[otherSide('referring')].exchange.send({ ...draft, messageId: uuid4() });
  await offices.pair.settle();
  expect(await reading('identity')).toBe('CONSENT_WITHDRAWN');
});
