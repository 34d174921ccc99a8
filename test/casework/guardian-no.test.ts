import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { gate } from '#model/gate.ts';
import { limits } from '#model/limits.ts';
import type { StepBody } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { IDS, requestDraft } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const NO: StepBody<'consentWithdrawn'> = {
  whole: true,
  sections: [],
  stopReports: false,
  deleteSent: false,
  endServices: false,
  meetingWish: 'not-asked',
};
const TASKS = ['ask-authority', 'authority-overdue'];

let offices: Offices;
const people = new Map<Side, Person>();
beforeEach(async () => {
  offices = await openOffices();
  for (const side of ['referring', 'receiving'] as const) {
    people.set(side, await offices[side].hire('worker-1'));
  }
});
afterEach(() => offices[Symbol.asyncDispose]());

const personAt = (side: Side) => by(people.get(side) as Person);

async function requested(child: 'yes' | 'no' | 'in-doubt'): Promise<string> {
  const content = encodeSection('minimum', {
    priority: 'normal',
    services: ['accommodation.shelter'],
    child,
    language: 'bg',
    interpreter: 'not-needed',
    status: 'possible',
    accompanyingChildrenAges: [],
    riskLevel: 'low',
    window: { from: '2026-03-01', to: '2026-04-01' },
  });
  const draft = requestDraft(offices.pair.clock, { sections: [{ section: 'minimum', content }] });
  const { referralId } = await offices.pair.referring.exchange.send(draft);
  await offices.pair.settle();
  return referralId;
}

const withdraw = (
  side: Side,
  referralId: string,
  said: Partial<typeof NO> = {},
  byGuardian = true,
  requestId = uuid4(),
) =>
  offices[side].api.withdrawConsent(
    {
      requestId,
      localCode: '',
      referralId,
      withdrawal: { ...NO, ...said },
      byGuardian,
    },
    personAt(side),
  );

async function tasksAt(side: Side): Promise<string[]> {
  await offices[side].runDue();
  const { items } = await offices[side].api.listInbox({ limit: 0, cursor: '' }, personAt(side));
  return items.map(({ kind }) => kind).filter((kind) => TASKS.includes(kind));
}

async function mayHold(side: Side, referralId: string): Promise<boolean> {
  const known = await offices.pair[side].open(referralId);
  const nowSeconds = Math.floor(offices.pair.clock.now() / 1000);
  return gate(known, { section: 'minimum', recipient: IDS.receiving, nowSeconds }) === 'granted';
}

describe("a guardian's no without the child", () => {
  it.each([
    ['referring', 'yes'],
    ['receiving', 'yes'],
    ['referring', 'in-doubt'],
  ] as const)(
    'at the %s side (child: %s) stops sharing and asks for the authority there',
    async (side, child) => {
      const referralId = await requested(child);
      expect(await mayHold('receiving', referralId)).toBe(true);
      await withdraw(side, referralId);
      await offices.pair.settle();
      expect(await mayHold('receiving', referralId)).toBe(false);
      expect(await mayHold('referring', referralId)).toBe(false);
      expect(await tasksAt(side)).toEqual(['ask-authority']);
      expect(await tasksAt(side === 'referring' ? 'receiving' : 'referring')).toEqual([]);
    },
  );

  it('stops though the asking fails; said again it asks, and stops nothing twice', async () => {
    const referralId = await requested('yes');
    const { store } = offices.pair.referring;
    const { setDeadline } = store;
    store.setDeadline = async () => {
      throw new Refusal('UNAVAILABLE', 'The disk is full.');
    };
    const requestId = uuid4();
    const say = () => withdraw('referring', referralId, {}, true, requestId);
    expect((await say()).partners).toMatchObject([{ fault: 'UNAVAILABLE' }]);
    expect(await mayHold('referring', referralId)).toBe(false);
    store.setDeadline = setDeadline;
    expect((await say()).partners).toMatchObject([{ fault: '' }]);
    expect(await tasksAt('referring')).toEqual(['ask-authority']);
    expect((await store.load(referralId)).messages).toHaveLength(2);
  });

  it('stands in the records as taken back by somebody else', async () => {
    const { file, localCode } = await exampleCase('child.yaml');
    const { api, hire } = offices.referring;
    await api.importCase({ caseFile: file }, personAt('referring'));
    const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
    const two = by(people.get('referring') as Person, await hire('second', 'supervisor'));
    const { outcome } = await api.requestReferral({ ...asked, continuesReferralId: '' }, two);
    await withdraw('referring', outcome.referralId);
    const { recipients } = await api.showConsent({ localCode }, personAt('referring'));
    const events = recipients[0]?.history.map(({ event }) => event);
    expect(events).toEqual(['imported', 'revoked']);
  });

  it('is late after 24 hours, until it is noted that the authority was asked', async () => {
    const referralId = await requested('yes');
    await withdraw('referring', referralId);
    offices.pair.clock.pass(limits.authorityAskedMs / 1000 - 1);
    expect(await tasksAt('referring')).toEqual(['ask-authority']);
    offices.pair.clock.pass(1);
    expect(await tasksAt('referring')).toEqual(TASKS);
    const noted = () =>
      offices.referring.api.noteAuthorityAsked({ referralId }, personAt('referring'));
    await noted();
    await noted();
    expect(await tasksAt('referring')).toEqual([]);
  });

  it('is never late where the authority was asked in time', async () => {
    const referralId = await requested('yes');
    await withdraw('referring', referralId);
    await offices.referring.api.noteAuthorityAsked({ referralId }, personAt('referring'));
    offices.pair.clock.pass(limits.authorityAskedMs / 1000);
    expect(await tasksAt('referring')).toEqual([]);
  });

  it.each([
    [{ deleteSent: true }, 'yes', 'SCHEMA_VIOLATION'],
    [{ endServices: true }, 'yes', 'SCHEMA_VIOLATION'],
    [{}, 'no', 'NOT_PERMITTED'],
  ] as const)(
    'is refused with %j where child is %s, and nothing is sent',
    async (said, child, code) => {
      const referralId = await requested(child);
      await expect(withdraw('referring', referralId, said)).rejects.toMatchObject({ code });
      expect(await mayHold('receiving', referralId)).toBe(true);
      expect(await tasksAt('referring')).toEqual([]);
    },
  );
});

describe('no authority is asked for', () => {
  it('where the child says no too, and erasing at once is theirs to ask for', async () => {
    const referralId = await requested('yes');
    await withdraw('referring', referralId, { deleteSent: true }, false);
    expect(await tasksAt('referring')).toEqual([]);
  });
});

it('an authority asked about a referral that is not here is refused', async () => {
  const asked = { referralId: uuid4() };
  await expect(
    offices.referring.api.noteAuthorityAsked(asked, personAt('referring')),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
