import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { Body } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { requestDraft } from '#test/exchange/pair.ts';
import { by, type Offices, openOffices, type Person } from './office.ts';

const HOUR = 60 * 60;
const RE_CHECK = ['change-code-word', 'check-address', 'check-arrival', 'check-phone'];
let offices: Offices;
let worker: Record<Side, Person>;
let head: Record<Side, Person>;
let referralId: string;

beforeEach(async () => {
  offices = await openOffices();
  const both = async (id: string, role: 'caseworker' | 'supervisor') => ({
    referring: await offices.referring.hire(id, role),
    receiving: await offices.receiving.hire(id, role),
  });
  worker = await both('worker', 'caseworker');
  head = await both('head', 'supervisor');
  ({ referralId } = await offices.pair.referring.exchange.send(requestDraft(offices.pair.clock)));
  await offices.pair.settle();
});
afterEach(() => offices[Symbol.asyncDispose]());

const iso = (secondsAgo: number) =>
  new Date(offices.pair.clock.now() - secondsAgo * 1000).toISOString();

function breachNow(learntAgo = 0, given: object = {}): Uint8Array {
  const breach = {
    kinds: ['contact', 'arrival'],
    since: iso(learntAgo + 60),
    learntAt: iso(learntAgo),
    holders: 'not-known',
    measures: [],
    ...given,
  };
  return new TextEncoder().encode(JSON.stringify(breach));
}

function report(
  scenario: 'lost-slip' | 'wrong-person' | 'infiltrated-partner' | 'seized-device' | 'other',
  given: { breach?: Uint8Array; requestId?: string; tellPartner?: 'default' | 'yes' | 'no' } = {},
  side: Side = 'referring',
) {
  const asked = {
    requestId: uuid4(),
    tellPartner: 'default',
    breach: breachNow(),
    ...given,
  } as const;
  return offices[side].api.reportBreach({ ...asked, referralId, scenario }, by(worker[side]));
}

async function inbox(side: Side): Promise<string[]> {
  const { items } = await offices[side].api.listInbox({ limit: 0, cursor: '' }, by(worker[side]));
  return items.map(({ kind }) => kind).filter((kind) => kind.startsWith('breach'));
}

async function breachesAt(side: Side) {
  const call = by(worker[side]);
  const { matters } = await offices[side].api.listMatters(
    { kind: 'breach', limit: 0, cursor: '' },
    call,
  );
  return Promise.all(
    matters.map(({ matterId }) => offices[side].api.getMatter({ matterId }, call)),
  );
}

async function stepsSent(): Promise<string[]> {
  const { thread } = await offices.pair.receiving.open(referralId);
  return [...thread.referring, ...thread.receiving].map((e) => e.content?.body.step ?? 'unread');
}

async function settleAll(side: Side, matterId: string, steps: readonly { step: string }[]) {
  for (const { step } of steps) {
    const asked = { matterId, step: step as never, outcome: 'done' } as const;
    await offices[side].api.settleBreachStep(asked, by(head[side]));
  }
}

describe('a breach that is reported', () => {
  it('stands in the inbox with its hours, and is told to the partner, who checks again too', async () => {
    const { matterId, isPartnerTold, waits } = await report('lost-slip');
    expect([isPartnerTold, waits]).toEqual([true, '']);
    expect((await inbox('referring')).toSorted()).toEqual([
      'breach-authority',
      'breach-check',
      'breach-person',
      'breach-steps',
    ]);
    const [ours] = await breachesAt('referring');
    const now = Math.floor(offices.pair.clock.now() / 1000);
    const hours = new Map(ours?.steps.map(({ step, dueAt }) => [step, (dueAt - now) / HOUR]));
    expect(Object.fromEntries(hours)).toMatchObject({
      'void-slip': 1,
      'check-arrival': 1,
      'change-code-word': 1,
      'tell-person': 24,
      'tell-authority': 72,
    });
    await offices.pair.settle();
    expect(await stepsSent()).toContain('breachReported');
    await offices.receiving.runDue();
    const [theirs] = await breachesAt('receiving');
    expect(theirs?.matter).toMatchObject({ matterId, referralId, isOpen: true });
    const sameHour = theirs?.steps.filter(({ dueAt }) => dueAt <= now + HOUR) ?? [];
    expect(sameHour.map(({ step }) => step).toSorted()).toEqual(RE_CHECK);
    expect(await inbox('receiving')).toContain('breach-check');
    const record = JSON.parse(Buffer.from(theirs?.entries[0]?.content ?? '').toString());
    expect(record.value).toMatchObject({
      scenario: 'told-by-partner',
      breach: { kinds: ['contact', 'arrival'] },
    });
  });

  it.each([
    ['lost-slip', 'void-slip'],
    ['wrong-person', 'stop-channel'],
    ['infiltrated-partner', 'suspend-partner'],
    ['seized-device', 'end-tokens'],
  ] as const)(
    'as %s begins within the hour with %s and the check of safety',
    async (scenario, first) => {
      await report(scenario);
      const [breach] = await breachesAt('referring');
      const now = Math.floor(offices.pair.clock.now() / 1000);
      const sameHour = breach?.steps.filter(({ dueAt }) => dueAt <= now + HOUR) ?? [];
      expect(sameHour.map(({ step }) => step)).toEqual(
        expect.arrayContaining([first, ...RE_CHECK]),
      );
    },
  );

  it('by an infiltrated partner is not told to that partner, unless a person wants it', async () => {
    expect(await report('infiltrated-partner')).toMatchObject({ isPartnerTold: false, waits: '' });
    await offices.referring.runDue();
    await offices.pair.settle();
    expect(await stepsSent()).not.toContain('breachReported');
    const [breach] = await breachesAt('referring');
    expect(breach?.steps.map(({ step }) => step)).not.toContain('tell-partner');
    expect(await report('infiltrated-partner', { tellPartner: 'yes' })).toMatchObject({
      isPartnerTold: true,
    });
  });

  it('is written and sent once, however often it is tried', async () => {
    const same = { requestId: uuid4(), breach: breachNow() };
    await report('other', same);
    expect(await report('other', same)).toMatchObject({ isPartnerTold: true });
    expect(await breachesAt('referring')).toHaveLength(1);
    await offices.pair.settle();
    expect((await stepsSent()).filter((step) => step === 'breachReported')).toHaveLength(1);
    const other = { ...same, breach: breachNow(0, { holders: 'public' }) };
    await expect(report('other', other)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['learnt in the future', () => breachNow(-HOUR), 'learntAt'],
    ['since after it was learnt', () => breachNow(0, { since: iso(-10) }), 'since'],
    ['without a kind of data', () => breachNow(0, { kinds: [] }), 'kinds'],
  ])('%s is refused, and nothing stands', async (_, breach, field) => {
    await expect(report('other', { breach: breach() })).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining(field),
    });
    expect(await breachesAt('referring')).toEqual([]);
  });

  it('waits for no partner: the steps stand, and the node tells it once it answers', async () => {
    // This side has not compared notes since its start, and cannot now.
    offices.pair.gone.add('referring');
    expect(await report('other', {}, 'receiving')).toMatchObject({
      isPartnerTold: false,
      waits: 'SYNC_FIRST',
    });
    expect(await inbox('receiving')).toContain('breach-check');
    await offices.receiving.runDue();
    expect(await stepsSent()).not.toContain('breachReported');
    offices.pair.gone.clear();
    offices.pair.clock.pass(61);
    await offices.receiving.runDue();
    expect(await stepsSent()).toContain('breachReported');
    const [breach] = await breachesAt('receiving');
    expect(breach?.steps.find(({ step }) => step === 'tell-partner')).toMatchObject({
      outcome: 'done',
      byRole: 'service',
    });
  });
});

describe('the steps after a breach', () => {
  it('leave the inbox group by group, and the breach ends with the last', async () => {
    const { matterId } = await report('wrong-person');
    const steps = (await breachesAt('referring'))[0]?.steps ?? [];
    const open = steps.filter(({ outcome }) => outcome === '');
    expect(open.map(({ step }) => step)).not.toContain('tell-partner');
    const now = offices.pair.clock.now() / 1000;
    const sameHour = open.filter(({ dueAt }) => dueAt <= now + HOUR);
    await settleAll('referring', matterId, sameHour);
    expect(await inbox('referring')).not.toContain('breach-check');
    expect(await inbox('referring')).toContain('breach-authority');
    await settleAll(
      'referring',
      matterId,
      open.filter((one) => !sameHour.includes(one)),
    );
    expect(await inbox('referring')).toEqual([]);
    const [ended] = await breachesAt('referring');
    expect(ended?.matter.isOpen).toBe(false);
    expect(ended?.steps[0]).toMatchObject({
      outcome: 'done',
      byRole: 'supervisor',
      settledAt: now,
    });
  });

  it('stay in the inbox while another breach of the referral needs them', async () => {
    const first = await report('other');
    await report('other');
    const steps = (await breachesAt('referring')).find(
      (one) => one.matter.matterId === first.matterId,
    )?.steps;
    await settleAll('referring', first.matterId, steps ?? []);
    expect(await inbox('referring')).toContain('breach-check');
  });

  it('are left out by a supervisor only, and no unknown one is settled', async () => {
    const { matterId } = await report('lost-slip');
    const { api } = offices.referring;
    const asked = { matterId, step: 'check-arrival', outcome: 'not-needed' } as const;
    await expect(api.settleBreachStep(asked, by(worker.referring))).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
    });
    const { steps } = await api.settleBreachStep(asked, by(head.referring));
    expect(steps.find(({ step }) => step === 'check-arrival')?.outcome).toBe('not-needed');
    const again = await api.settleBreachStep(asked, by(head.referring));
    expect(again.steps).toEqual(steps);
    const { entries } = await api.getMatter({ matterId }, by(head.referring));
    expect(
      entries.filter(({ content }) => Buffer.from(content).includes('not-needed')),
    ).toHaveLength(1);
    const wrong = { matterId, step: 'end-tokens', outcome: 'done' } as const;
    await expect(api.settleBreachStep(wrong, by(worker.referring))).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining('void-slip'),
    });
  });

  it('that are late are an alarm at each hour, once, and none when they are done', async () => {
    const { matterId } = await report('other');
    await offices.referring.runDue();
    offices.pair.clock.pass(HOUR - 1);
    await offices.referring.runDue();
    expect(await inbox('referring')).not.toContain('breach-overdue');
    offices.pair.clock.pass(2);
    await offices.referring.runDue();
    await offices.referring.runDue();
    expect((await inbox('referring')).filter((kind) => kind === 'breach-overdue')).toHaveLength(1);
    const steps = (await breachesAt('referring'))[0]?.steps ?? [];
    await settleAll(
      'referring',
      matterId,
      steps.filter(({ step }) => RE_CHECK.includes(step)),
    );
    expect(await inbox('referring')).not.toContain('breach-overdue');
    offices.pair.clock.pass(72 * HOUR);
    await offices.referring.runDue();
    expect(await inbox('referring')).toContain('breach-overdue');
  });
});

describe('a message to the wrong organisation', () => {
  it('opens the steps at both sides by itself', async () => {
    const body: Body = { step: 'enteredInError', enteredInError: { wrongRecipient: true } };
    const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
    await offices.referring.api.act(act, by(worker.referring));
    await offices.pair.settle();
    for (const side of ['referring', 'receiving'] as const) {
      await offices[side].runDue();
      await offices[side].runDue();
    }
    const [ours] = await breachesAt('referring');
    expect(ours?.steps.map(({ step }) => step)).toEqual(
      expect.arrayContaining(['ask-back', 'tell-person', ...RE_CHECK]),
    );
    const theirs = await breachesAt('receiving');
    expect(theirs.map(({ steps }) => steps.map(({ step }) => step))).toEqual([['close-unread']]);
  });

  it('sent in error, but to the right one, opens nothing', async () => {
    const body: Body = { step: 'enteredInError', enteredInError: { wrongRecipient: false } };
    const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
    await offices.referring.api.act(act, by(worker.referring));
    await offices.referring.runDue();
    expect(await breachesAt('referring')).toEqual([]);
  });
});

describe('what a breach record holds', () => {
  it('is sealed in the database, and unreadable without the key of the referral', async () => {
    const { matterId } = await report('seized-device', {
      breach: breachNow(0, { holders: 'suspected-trafficker' }),
    });
    const stored = await offices.pair.referring.store.findMatter(matterId);
    expect(JSON.stringify(stored)).not.toContain('trafficker');
    expect(JSON.stringify(stored)).not.toContain('seized');
    const { keyFile } = offices.pair.referring.exchange.context;
    await keyFile.destroy([`${referralId}/matter`]);
    const call = by(worker.referring);
    const after = await offices.referring.api.getMatter({ matterId }, call);
    expect(after.entries[0]).toMatchObject({ what: 'erased' });
    expect(after.entries[0]?.content).toHaveLength(0);
  });

  it('is about a referral that is here', async () => {
    const asked = { requestId: uuid4(), referralId: uuid4(), tellPartner: 'no' } as const;
    const call = by(worker.referring);
    const told = { ...asked, scenario: 'other', breach: breachNow() } as const;
    await expect(offices.referring.api.reportBreach(told, call)).rejects.toThrow(Refusal);
  });
});
