import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { gate } from '#model/gate.ts';
import type { StepBody } from '#model/message.ts';
import { IDS } from '#test/exchange/pair.ts';
import { storyUpTo, walk } from '#test/exchange/walk.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const NO: StepBody<'consentWithdrawn'> = {
  whole: true,
  sections: [],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'not-asked',
};

let offices: Offices;
let worker: Person;
let localCode: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker-1');
  const example = await exampleCase('adult.yaml');
  localCode = example.localCode;
  await offices.referring.api.importCase({ caseFile: example.file }, by(worker));
});
afterEach(() => offices[Symbol.asyncDispose]());

async function request(): Promise<string> {
  const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
  const all = { ...asked, continuesReferralId: '' };
  const { outcome } = await offices.referring.api.requestReferral(all, by(worker));
  await offices.pair.settle();
  return outcome.referralId;
}

function withdraw(asked: { requestId?: string; localCode?: string; referralId?: string }) {
  return offices.referring.api.withdrawConsent(
    {
      requestId: uuid4(),
      localCode: '',
      referralId: '',
      withdrawal: NO,
      byGuardian: false,
      ...asked,
    },
    by(worker),
  );
}

const statusAt = async (side: 'referring' | 'receiving', referralId: string) =>
  (await offices.pair[side].store.load(referralId)).row?.status;

describe('a withdrawal from a case', () => {
  it('reaches every referral of it, each by a message of its own', async () => {
    const ids = [await request(), await request()];
    const { partners } = await withdraw({ localCode });
    expect(partners.map(({ referralId }) => referralId).toSorted()).toEqual(ids.toSorted());
    await offices.pair.settle();
    for (const id of ids) {
      expect(await statusAt('referring', id)).toBe('withdrawn');
      expect(await statusAt('receiving', id)).toBe('withdrawn');
    }
    const said = await Promise.all(ids.map((id) => offices.pair.receiving.store.load(id)));
    expect(new Set(said.map(({ messages }) => messages.at(-1)?.messageId)).size).toBe(2);
  });

  it('says nothing twice when it is asked again, and reaches whom it had not reached', async () => {
    const first = await request();
    const requestId = uuid4();
    await withdraw({ requestId, localCode });
    const second = await request().catch(() => null);
    expect(second).toBeNull();
    const again = await withdraw({ requestId, localCode });
    expect(again.partners).toEqual([
      { partner: IDS.receiving, referralId: first, seq: 2, fault: '', asksMeeting: false },
    ]);
    expect((await offices.pair.referring.store.load(first)).messages).toHaveLength(2);
  });

  it('is not held up for one partner by another that cannot be written to', async () => {
    const [broken, whole] = [await request(), await request()];
    const { store } = offices.pair.referring;
    const { commit } = store;
    store.commit = async (id, change) => (id === broken ? false : commit(id, change));
    const { partners } = await withdraw({ localCode });
    const faultOf = (id: string) => partners.find(({ referralId }) => referralId === id)?.fault;
    expect([faultOf(broken), faultOf(whole)]).toEqual(['UNAVAILABLE', '']);
    await offices.pair.settle();
    expect(await statusAt('receiving', whole)).toBe('withdrawn');
  });
});

describe('a withdrawal from one referral', () => {
  it('leaves the others as they are', async () => {
    const [first, second] = [await request(), await request()];
    await withdraw({ referralId: first });
    await offices.pair.settle();
    expect(await statusAt('receiving', first)).toBe('withdrawn');
    expect(await statusAt('receiving', second)).toBe('requested');
  });

  it.each([
    [
      'a case and a referral at once',
      { localCode: 'HH-1', referralId: uuid4() },
      'SCHEMA_VIOLATION',
    ],
    ['neither', {}, 'SCHEMA_VIOLATION'],
    ['a case of which nothing was sent', { localCode: 'HH-1' }, 'NOT_FOUND'],
    ['a referral that is not here', { referralId: uuid4() }, 'NOT_FOUND'],
  ])('is refused for %s', async (_, asked, code) => {
    await expect(withdraw(asked)).rejects.toMatchObject({ code });
  });
});

describe('a withdrawal of everything on the way', () => {
  const sectionsAt = async (side: 'referring' | 'receiving', referralId: string) => {
    const known = await offices.pair[side].open(referralId);
    const nowSeconds = Math.floor(offices.pair.clock.now() / 1000);
    const names = ['contact', 'danger', 'arrival', 'identity', 'minimum'] as const;
    return names.filter(
      (section) => gate(known, { section, recipient: IDS.receiving, nowSeconds }) === 'granted',
    );
  };
  const duties = async () => {
    const { items } = await offices.referring.api.listInbox({ limit: 0, cursor: '' }, by(worker));
    return items.map(({ kind }) => kind);
  };

  it('stops all but the meeting at once, and asks; the answer ends or keeps the meeting', async () => {
    for (const [answer, open] of [
      ['yes', ['contact', 'danger', 'arrival']],
      ['no', []],
    ] as const) {
      const id = await walk(offices.pair, storyUpTo('referring', 'departed'));
      const requestId = uuid4();
      const { partners } = await withdraw({ requestId, referralId: id });
      expect(partners).toMatchObject([{ asksMeeting: true, fault: '' }]);
      await offices.pair.settle();
      expect(await statusAt('receiving', id)).toBe('travelling');
      expect(await sectionsAt('receiving', id)).toEqual(['contact', 'danger', 'arrival']);
      expect(await duties()).toContain('ask-still-met');
      const withdrawal = { ...NO, meetingWish: answer };
      const asked = { requestId, localCode: '', referralId: id, withdrawal, byGuardian: false };
      const again = await offices.referring.api.withdrawConsent(asked, by(worker));
      expect(again.partners).toMatchObject([{ asksMeeting: false, fault: '' }]);
      await offices.pair.settle();
      expect(await sectionsAt('receiving', id)).toEqual(open);
      expect(await duties()).not.toContain('ask-still-met');
    }
  });
});

describe('a no before anything was sent', () => {
  it('takes the yes back, once, and the answer says that nothing was sent', async () => {
    const requestId = uuid4();
    const before = await withdraw({ requestId, localCode });
    expect(before.partners).toMatchObject([{ partner: IDS.receiving, referralId: '', fault: '' }]);
    expect(await withdraw({ requestId, localCode })).toEqual(before);
    // A mistyped code does not sound as if there were nothing to stop.
    await expect(withdraw({ localCode: 'HH-1' })).rejects.toThrow('no case here has this code');
    await expect(request()).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    const { recipients } = await offices.referring.api.showConsent({ localCode }, by(worker));
    expect(recipients[0]?.answers.every(({ answer }) => answer === 'withdrawn')).toBe(true);
    expect(recipients[0]?.history.map(({ event }) => event)).toEqual(['imported', 'withdrawn']);
  });
});
