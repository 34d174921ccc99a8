import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const HOUR = 60 * 60;
let offices: Offices;
let worker: Person;
let head: Person;
let localCode: string;
let referralId: string;

beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  head = await offices.referring.hire('head', 'supervisor');
  const example = await exampleCase('adult.yaml');
  ({ localCode } = example);
  await offices.referring.api.importCase({ caseFile: example.file }, by(worker));
  const asked = {
    requestId: uuid4(),
    localCode,
    recipient: IDS.receiving,
    continuesReferralId: '',
  };
  ({
    outcome: { referralId },
  } = await offices.referring.api.requestReferral(asked, by(worker)));
  await offices.pair.settle();
});
afterEach(() => offices[Symbol.asyncDispose]());

const iso = (hours: number) =>
  new Date(offices.pair.clock.now() + hours * HOUR * 1000).toISOString();
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function demand(given: object = {}) {
  return {
    form: 'subpoena',
    authority: 'prosecution',
    country: 'NL',
    reference: 'INVENTED-7',
    receivedAt: iso(-2),
    asksFor: ['identity', 'legal', 'health'],
    ...given,
  };
}

function decision(given: object = {}) {
  return {
    decision: 'narrowest-part',
    decidedAt: iso(0),
    lawyer: { code: 'lawyer-1', advisedAt: iso(-1) },
    law: 'Invented Code, Article 1',
    handsOver: ['legal'],
    person: { told: iso(-1) },
    organisation: { told: iso(-1) },
    ...given,
  };
}

async function record(
  about: { referralId: string } | { localCode: string } = { referralId },
  given: object = {},
  requestId = uuid4(),
): Promise<string> {
  const asked = {
    requestId,
    referralId: '',
    localCode: '',
    record: bytes(demand(given)),
    ...about,
  };
  return (await offices.referring.api.recordDemand(asked, by(worker))).matterId;
}

function decide(
  matterId: string,
  given: object = {},
  first = worker,
  second: Person | undefined = head,
) {
  const asked = { matterId, decision: bytes(decision(given)) };
  return offices.referring.api.decideDemand(asked, by(first, second));
}

const exported = () => offices.referring.api.exportReferral({ referralId }, by(worker));
const inbox = async () => {
  const { items } = await offices.referring.api.listInbox({ limit: 0, cursor: '' }, by(worker));
  return items.map(({ kind }) => kind);
};
const holds = async () => (await offices.pair.referring.store.openDemand(referralId)) !== undefined;

describe('a legal demand', () => {
  it.each([
    ['its referral', () => ({ referralId })],
    ['the case behind it', () => ({ localCode })],
  ])(
    'about %s holds the export, the copy, the receipt and the erasure from its record on',
    async (_, about) => {
      await exported();
      await record(about());
      await expect(exported()).rejects.toMatchObject({
        code: 'NOT_PERMITTED',
        message: expect.stringContaining('A lawyer and two people decide first'),
      });
      const { api } = offices.referring;
      const refused = {
        code: 'NOT_PERMITTED',
        message: expect.stringContaining('A legal demand is open'),
      };
      await expect(api.eraseCase({ localCode }, by(worker))).rejects.toMatchObject(refused);
      const copy = { localCode, toGuardian: false, withExploitation: false };
      await expect(api.makeCopy(copy, by(worker))).rejects.toMatchObject(refused);
      const receipt = { localCode, recipients: [], nameOrganisations: false, nameSections: false };
      await expect(api.printReceipt(receipt, by(worker))).rejects.toMatchObject(refused);
      expect([await holds(), await inbox()]).toEqual([
        true,
        expect.arrayContaining(['demand-open']),
      ]);
    },
  );

  it('stops no help: the referral goes on, and what is held is read for it', async () => {
    await record();
    const call = by(worker);
    const read = await offices.referring.api.getCase({ localCode, withContent: true }, call);
    expect(read.caseFile.length).toBeGreaterThan(0);
    const body = { step: 'held', held: { reviewAt: 4_000_000_000 } } as const;
    const reason = { section: 'reason', content: bytes({ code: 'safety-check' }) } as const;
    const act = { requestId: uuid4(), referralId, body, sections: [reason], grants: [] };
    await expect(offices.referring.api.act(act, call)).resolves.toBeDefined();
  });

  it('is ended by a lawyer and two people, and then no longer holds', async () => {
    const matterId = await record();
    expect(await decide(matterId)).toEqual({ isEnded: true });
    await exported();
    expect([await holds(), await inbox()]).toEqual([
      false,
      expect.not.arrayContaining(['demand-open']),
    ]);
    const { entries } = await offices.referring.api.getMatter({ matterId }, by(worker));
    const last = JSON.parse(Buffer.from(entries.at(-1)?.content ?? '').toString());
    expect(entries.at(-1)).toMatchObject({ what: 'decision', byStaff: 'worker' });
    expect(last).toMatchObject({ second: { staffId: 'head' }, value: { handsOver: ['legal'] } });
    await expect(decide(matterId, { handsOver: ['health'] })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('that is challenged stays open until it is decided again', async () => {
    const matterId = await record();
    const challenge = { decision: 'challenge', law: undefined, handsOver: undefined };
    expect(await decide(matterId, challenge)).toEqual({ isEnded: false });
    await expect(exported()).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
    expect([await holds(), await inbox()]).toEqual([true, expect.arrayContaining(['demand-open'])]);
    const back = { decision: 'taken-back', law: undefined, handsOver: undefined };
    expect(await decide(matterId, back)).toEqual({ isEnded: true });
    await exported();
  });

  it('is freed by the last of several only', async () => {
    const first = await record();
    const second = await record({ localCode });
    await decide(first);
    await expect(exported()).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
    expect(await inbox()).toContain('demand-open');
    await decide(second);
    await exported();
    expect(await inbox()).not.toContain('demand-open');
  });

  it('is decided by two people: one alone, the same one twice and a system are refused', async () => {
    const matterId = await record();
    const code = 'SECOND_PERSON_NEEDED';
    const alone = offices.referring.api.decideDemand(
      { matterId, decision: bytes(decision()) },
      by(worker),
    );
    await expect(alone).rejects.toMatchObject({ code });
    await expect(decide(matterId, {}, worker, worker)).rejects.toMatchObject({ code });
    const system = await offices.referring.hire('records', 'service');
    await expect(decide(matterId, {}, worker, system)).rejects.toMatchObject({ code });
    await expect(decide(matterId, {}, system, head)).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
    });
    expect(await holds()).toBe(true);
  });

  it.each([
    ['no lawyer', { lawyer: undefined }, 'lawyer'],
    [
      'a lawyer who advised before it came',
      { lawyer: { code: 'l', advisedAt: () => iso(-3) } },
      'lawyer.advisedAt',
    ],
    [
      'a lawyer who advised afterwards',
      { lawyer: { code: 'l', advisedAt: () => iso(1) } },
      'lawyer.advisedAt',
    ],
    [
      'more than was asked for',
      { handsOver: ['legal', 'family'] },
      'handsOver: the demand does not ask for family',
    ],
    ['no narrowest part', { handsOver: undefined }, 'handsOver'],
    ['no law that obliges', { law: undefined }, 'law'],
    ['a part to hand over, where it is challenged', { decision: 'challenge' }, 'handsOver'],
    ['a time to come', { decidedAt: () => iso(5) }, 'decidedAt'],
    ['no word on the person', { person: undefined }, 'person'],
    ['a person who is not concerned', { person: { why: 'nobody-concerned' } }, 'person'],
    [
      'no law that forbids to tell',
      { person: { why: 'forbidden-by-law', until: () => iso(9) } },
      'person.law',
    ],
    ['no day on which to try again', { person: { why: 'not-reached' } }, 'person.until'],
    ['no word on the other organisation', { organisation: undefined }, 'organisation'],
    [
      'another organisation that is forgotten',
      { organisation: { why: 'nobody-concerned' } },
      'organisation',
    ],
  ])('is not decided with %s', async (_, given, field) => {
    const matterId = await record();
    await expect(decide(matterId, withTimes(given))).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining(field),
    });
    expect(await holds()).toBe(true);
  });

  it('is recorded once, and refused where it is about nobody or lies ahead', async () => {
    const requestId = uuid4();
    await record({ referralId }, {}, requestId);
    await record({ referralId }, {}, requestId);
    const call = by(worker);
    const listed = () =>
      offices.referring.api.listMatters({ kind: 'demand', limit: 0, cursor: '' }, call);
    expect((await listed()).matters).toHaveLength(1);
    const code = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
    expect(await code(record({ referralId }, { country: 'BG' }, requestId))).toMatchObject({
      code: 'CONFLICT',
    });
    expect(await code(record({ referralId: uuid4() }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await code(record({ localCode: 'NOBODY-1' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await code(record({ referralId: '' }))).toMatchObject({ code: 'SCHEMA_VIOLATION' });
    expect(await code(record({ referralId }, { receivedAt: iso(1) }))).toMatchObject({
      code: 'SCHEMA_VIOLATION',
    });
    expect((await listed()).matters).toHaveLength(1);
  });

  it('holds no word of itself in the clear', async () => {
    const matterId = await record();
    await decide(matterId);
    const stored = JSON.stringify(await offices.pair.referring.store.findMatter(matterId));
    for (const word of ['INVENTED-7', 'prosecution', 'lawyer-1', 'narrowest']) {
      expect(stored).not.toContain(word);
    }
  });
});

/** Times are said of the clock of the test that runs. */
function withTimes(value: unknown): object {
  const walk = (one: unknown): unknown => {
    if (typeof one === 'function') return (one as () => string)();
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as object;
}

describe('a person who may not be told yet', () => {
  it('is a line of the inbox when the ban ends, until somebody told', async () => {
    const matterId = await record();
    const person = { why: 'forbidden-by-law', law: 'Invented Code, Article 2', until: iso(48) };
    await decide(matterId, { person });
    await offices.referring.runDue();
    expect(await inbox()).not.toContain('tell-person');
    offices.pair.clock.pass(48 * HOUR + 1);
    await offices.referring.runDue();
    expect(await inbox()).toContain('tell-person');
    const toldAt = Math.floor(offices.pair.clock.now() / 1000);
    const told = { matterId, whom: 'person', toldAt } as const;
    const { api } = offices.referring;
    await expect(
      api.recordTold({ ...told, toldAt: toldAt + 60 }, by(worker)),
    ).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
    });
    expect((await api.getMatter({ matterId }, by(worker))).untold).toHaveLength(1);
    await api.recordTold(told, by(worker));
    expect((await api.getMatter({ matterId }, by(worker))).untold).toEqual([]);
    expect(await inbox()).not.toContain('tell-person');
    await offices.referring.runDue();
    expect(await inbox()).not.toContain('tell-person');
    await expect(api.recordTold(told, by(worker))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('a disclosure', () => {
  function disclosure(given: object = {}) {
    return {
      why: 'save-a-life',
      to: 'emergency-service',
      country: 'BG',
      law: 'Invented Code, Article 3',
      madeAt: iso(-1),
      sections: ['danger', 'contact'],
      adviceOffered: false,
      person: { told: iso(-1) },
      ...given,
    };
  }
  function disclose(given: object = {}, about: object = { referralId }) {
    const asked = { requestId: uuid4(), referralId: '', localCode: '', ...about };
    return offices.referring.api.recordDisclosure(
      { ...asked, record: bytes(disclosure(given)) },
      by(worker),
    );
  }

  it('is recorded with what, to whom, under which law, and when the person heard', async () => {
    const { matterId, isBeyondDecision } = await disclose({}, { localCode });
    const call = by(worker);
    const { matter, entries } = await offices.referring.api.getMatter({ matterId }, call);
    expect([matter.isOpen, isBeyondDecision]).toEqual([false, false]);
    const { value } = JSON.parse(Buffer.from(entries[0]?.content ?? '').toString());
    expect(value).toEqual(disclosure());
  });

  it('stays open until the person heard of it', async () => {
    const { matterId } = await disclose({ person: { why: 'not-safe', until: iso(1) } });
    offices.pair.clock.pass(HOUR + 1);
    await offices.referring.runDue();
    expect(await inbox()).toContain('tell-person');
    const toldAt = Math.floor(offices.pair.clock.now() / 1000);
    const { api } = offices.referring;
    await api.recordTold({ matterId, whom: 'person', toldAt }, by(worker));
    const { matter } = await api.getMatter({ matterId }, by(worker));
    expect([matter.isOpen, await inbox()]).toEqual([
      false,
      expect.not.arrayContaining(['tell-person']),
    ]);
  });

  it('under a demand is marked where it went beyond what was decided', async () => {
    const demandId = await record();
    const told = { why: 'legal-demand', to: 'prosecution', demandId };
    expect(await disclose({ ...told, sections: ['legal'] })).toMatchObject({
      isBeyondDecision: true,
    });
    await decide(demandId);
    expect(await disclose({ ...told, sections: ['legal'] })).toMatchObject({
      isBeyondDecision: false,
    });
    expect(await disclose({ ...told, sections: ['legal', 'health'] }, { localCode })).toMatchObject(
      {
        isBeyondDecision: true,
      },
    );
  });

  it.each([
    ['under no law', { law: undefined }, 'law'],
    ['of a demand without its id', { why: 'legal-demand' }, 'demandId'],
    ['wished for, without the offer of legal advice', { why: 'person-asked' }, 'adviceOffered'],
    ['without a word on the person', { person: undefined }, 'person'],
    ['that is only planned', { madeAt: () => iso(1) }, 'madeAt'],
    ['to a body of no kind', { to: 'somebody' }, 'to'],
  ])('%s is refused', async (_, given, field) => {
    await expect(disclose(withTimes(given))).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
      message: expect.stringContaining(field),
    });
  });

  it('under a demand about somebody else is refused', async () => {
    const other = await exampleCase('labour.yaml');
    await offices.referring.api.importCase({ caseFile: other.file }, by(worker));
    const demandId = await record({ localCode: other.localCode });
    const told = { why: 'legal-demand', to: 'prosecution', demandId };
    await expect(disclose(told)).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
  });
});
