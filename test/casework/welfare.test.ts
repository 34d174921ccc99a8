import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { StepBody } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import type { Side } from '#model/track.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { draftOf } from '#test/exchange/pair.ts';
import { storyUpTo, walk } from '#test/exchange/walk.ts';
import { by, type Offices, openOffices, type Person } from './office.ts';

const HOUR = 60 * 60;

let offices: Offices;
let worker: Person;
let theirs: Person;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker-1');
  theirs = await offices.receiving.hire('key-worker');
});
afterEach(() => offices[Symbol.asyncDispose]());

const CALLS = ['call-person', 'call-overdue', 'arrival-unknown'];

/** What waits for a person after the clock has done what is due. */
async function callsAt(side: Side): Promise<string[]> {
  await offices[side].runDue();
  const person = side === 'referring' ? worker : theirs;
  const { items } = await offices[side].api.listInbox({ limit: 0, cursor: '' }, by(person));
  return items.map(({ kind }) => kind).filter((kind) => CALLS.includes(kind));
}

async function says(
  side: Side,
  referralId: string,
  change: Partial<StepBody<'consentWithdrawn'>> = {},
): Promise<void> {
  await offices.pair[side].exchange.send(draftOf(referralId, withdrawal(change)));
  await offices.pair.settle();
}

const heard = (referralId: string, arrived = false) =>
  offices.referring.api.noteHeard({ referralId, arrived }, by(worker));

describe('a no on the way', () => {
  it.each([
    ['referring', { whole: true, meetingWish: 'no' }],
    ['receiving', { whole: true, meetingWish: 'yes' }],
    ['receiving', { whole: false, sections: ['contact'] }],
  ] as const)('said at the %s side (%j) asks the referring one for a call', async (side, said) => {
    const referralId = await walk(offices.pair, storyUpTo('referring', 'departed'));
    expect(await callsAt('referring')).toEqual([]);
    await says(side, referralId, {
      ...said,
      sections: [...('sections' in said ? said.sections : [])],
    });
    expect(await callsAt('referring')).toEqual(['call-person']);
    expect(await callsAt('receiving')).toEqual([]);
  });

  it('is late after four hours while they travel, until they were heard', async () => {
    const referralId = await walk(offices.pair, storyUpTo('referring', 'departed'));
    await says('referring', referralId, { meetingWish: 'no' });
    await callsAt('referring');
    offices.pair.clock.pass(4 * HOUR - 1);
    expect(await callsAt('referring')).toEqual(['call-person']);
    offices.pair.clock.pass(1);
    expect(await callsAt('referring')).toEqual(['call-person', 'call-overdue']);
    await heard(referralId);
    await heard(referralId);
    expect(await callsAt('referring')).toEqual([]);
  });

  it('is late after a day where they have arrived, and no arrival is watched', async () => {
    const referralId = await walk(offices.pair, storyUpTo('receiving', 'arrived'));
    await says('receiving', referralId);
    await callsAt('referring');
    offices.pair.clock.pass(24 * HOUR - 1);
    expect(await callsAt('referring')).toEqual(['call-person']);
    offices.pair.clock.pass(1);
    expect(await callsAt('referring')).toEqual(['call-person', 'call-overdue']);
  });

  it('keeps a clock for the arrival that goes on after the call, by our own plan', async () => {
    const referralId = await walk(offices.pair, storyUpTo('referring', 'arrivalPlanned'));
    const { clock, referring } = offices.pair;
    const when = new Date(clock.now() + 30 * HOUR * 1000).toISOString();
    const content = encodeSection('arrival', {
      where: 'Test station, hall 1',
      when,
      metBy: { name: 'Test Meeter', role: 'driver', phone: '+359888000001' },
      codeWord: 'test-word',
      ifNotThere: {
        afterMinutes: 180,
        call: [{ name: 'Test Person', role: 'duty', phone: '+359888000000' }],
        neverCall: [],
        tellAuthority: 'no',
      },
    });
    const changed = draftOf(referralId, { step: 'arrivalChanged', arrivalChanged: {} });
    await referring.exchange.send({ ...changed, sections: [{ section: 'arrival', content }] });
    const seconds = Math.floor(clock.now() / 1000);
    const facts = {
      travelAgreedAt: seconds,
      referringRiskReadAt: seconds,
      receivingRiskReadAt: seconds,
      medicineAndMoney: true,
      callOffered: true,
    };
    await referring.exchange.send(draftOf(referralId, { step: 'departed', departed: facts }));
    await offices.pair.settle();
    await says('receiving', referralId, { meetingWish: 'no' });
    await callsAt('referring');
    await heard(referralId);
    clock.ms = Date.parse(when) + 3 * HOUR * 1000 - 1;
    expect(await callsAt('referring')).toEqual([]);
    clock.pass(1);
    expect(await callsAt('referring')).toEqual(['arrival-unknown']);
    await heard(referralId);
    expect(await callsAt('referring')).toEqual(['arrival-unknown']);
    await heard(referralId, true);
    expect(await callsAt('referring')).toEqual([]);
  });

  it('watches the arrival for a day where our plan of it cannot be read, unless it is told', async () => {
    const lost = await walk(offices.pair, storyUpTo('referring', 'departed'));
    const met = await walk(offices.pair, storyUpTo('referring', 'departed'));
    for (const id of [lost, met]) await says('referring', id, { meetingWish: 'yes' });
    await callsAt('referring');
    const arrived = { step: 'arrived', arrived: { codeWordGiven: true } } as const;
    await offices.pair.receiving.exchange.send(draftOf(met, arrived));
    await offices.pair.settle();
    for (const id of [lost, met]) await heard(id);
    offices.pair.clock.pass(24 * HOUR);
    expect(await callsAt('referring')).toEqual(['arrival-unknown']);
  });
});

describe('no call is asked for', () => {
  it.each([
    ['before the departure', storyUpTo('referring', 'arrivalPlanned'), {}],
    ['after the taking over', storyUpTo('receiving', 'caseManagementTaken'), {}],
    [
      'where only health is taken back',
      storyUpTo('referring', 'departed'),
      { whole: false, sections: ['health'] as const },
    ],
  ])('%s', async (_, story, said) => {
    const referralId = await walk(offices.pair, story);
    offices.pair.clock.pass(60);
    await says('receiving', referralId, {
      ...said,
      sections: [...('sections' in said ? said.sections : [])],
    });
    offices.pair.clock.pass(48 * HOUR);
    expect(await callsAt('referring')).toEqual([]);
  });
});

it('a call for a referral that is not here is refused', async () => {
  await expect(heard(uuid4())).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
