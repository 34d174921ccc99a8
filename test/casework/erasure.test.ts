import { mkdir, rmdir } from 'node:fs/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { openAtRest } from '#exchange/sections.ts';
import { limits } from '#model/limits.ts';
import type { StepBody } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import {
  bodyOf,
  DAY,
  grantOf,
  type Line,
  PACKAGE_GRANTS,
  START_SECONDS,
  STORY,
} from '#test/model/story.ts';
import { by, exampleCase, type Offices, officeOf, openOffices } from './office.ts';
import { sealedSections, storyOn, type Told, toDay } from './telling-story.ts';

let offices: Offices;
let told: Told;

beforeEach(async () => {
  offices = await openOffices();
  told = storyOn(offices.pair);
});

afterEach(() => offices[Symbol.asyncDispose]());

/** By author, then by number: what a withdrawal leaves. */
const WORKING = ['workers', 'offer'];
const SIDES = ['referring', 'receiving'] as const;
const on = (day: number) => ({ sentAt: START_SECONDS + day * DAY });
const upTo = (step: string) => STORY.slice(0, STORY.findIndex(([, name]) => name === step) + 1);

function withdrawal(day: number, change: Partial<StepBody<'consentWithdrawn'>> = {}): Line {
  const body = bodyOf('consentWithdrawn', {
    whole: true,
    sections: [],
    stopReports: false,
    deleteSent: false,
    endServices: false,
    meetingWish: 'not-asked',
    ...change,
  });
  return ['referring', 'consentWithdrawn', { ...on(day), body }];
}

async function runDue(...sides: Side[]): Promise<void> {
  for (const side of sides.length === 0 ? SIDES : sides) {
    await offices[side].runDue();
    await offices.pair.settle();
  }
}

const sealed = (side: Side) => sealedSections(offices.pair, side, told.referralId);

async function inbox(side: Side): Promise<string[]> {
  const { items } = await offices.pair[side].store.listTasks(50, '');
  return items.map(({ kind }) => kind);
}

/** What a side says that it erased and kept. */
async function answers(side: Side): Promise<StepBody<'erasureConfirmed'>[]> {
  const { thread } = await offices.pair.referring.open(told.referralId);
  return thread[side].flatMap(({ content }) =>
    content?.body.step === 'erasureConfirmed' ? [content.body.erasureConfirmed] : [],
  );
}

describe('a withdrawal', () => {
  it('is carried out by both nodes on day seven, and each says so to the other', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    toDay(offices.pair, 10.9);
    await runDue();
    expect(await sealed('receiving')).toContain('identity');
    toDay(offices.pair, 11);
    await runDue();
    for (const side of SIDES) {
      expect(await sealed(side)).toEqual(WORKING);
      const { stored, state } = await offices.pair[side].open(told.referralId);
      const { tombstones = [] } = stored.row?.erasure ?? {};
      expect(tombstones.map(({ section }) => section)).toContain('identity');
      expect(tombstones.every(({ erasedAtMs }) => erasedAtMs !== null)).toBe(true);
      expect(state.status).toBe('withdrawn');
      const [answer, ...more] = await answers(side);
      expect(more).toEqual([]);
      expect(answer?.withdrawalId).toBe(state.withdrawals[0]?.messageId);
      const sent = ['minimum', 'identity', 'contact', 'consent', 'danger', 'risk', 'note'];
      expect(answer?.erased.toSorted()).toEqual(sent.toSorted());
      const { keyFile } = offices.pair[side].exchange.context;
      for (const section of sent) {
        expect(keyFile.get(`${told.referralId}/${section}`)).toBeUndefined();
      }
    }
    expect(await inbox('referring')).not.toContain('erasure-missing');
    await runDue();
    expect(await answers('referring')).toHaveLength(1);
  });

  it('of a part erases that part alone', async () => {
    const part = { whole: false, sections: ['identity'] } as const;
    await told.tell(...upTo('packageReceived'), withdrawal(4, { ...part, sections: ['identity'] }));
    toDay(offices.pair, 11);
    await runDue();
    for (const side of SIDES) {
      expect(await sealed(side)).not.toContain('identity');
      expect(await sealed(side)).toContain('danger');
      expect(await answers(side)).toMatchObject([{ erased: ['identity'], kept: [] }]);
    }
  });

  it('of a part that the person gives again within the week erases nothing of it', async () => {
    const sections: ['identity'] = ['identity'];
    const again = grantOf('receiving', 'package', [...sections, 'danger']);
    await told.tell(...upTo('packageReceived'), withdrawal(4, { whole: false, sections }), [
      'referring',
      'safetyNotice',
      { ...on(5), grants: [again] },
    ]);
    toDay(offices.pair, 11);
    await runDue();
    expect(await sealed('receiving')).toContain('identity');
    expect(await answers('receiving')).toMatchObject([{ erased: [], kept: [] }]);
  });

  it('that asks to delete is carried out at once', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4, { deleteSent: true }));
    await runDue();
    expect(await sealed('receiving')).not.toContain('identity');
    expect(await answers('receiving')).toHaveLength(1);
  });

  it('rings at the other side where the partner has not said what it erased', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    toDay(offices.pair, 12);
    await runDue('referring');
    expect(await inbox('referring')).toContain('erasure-missing');
    await runDue('receiving');
    expect(await answers('receiving')).toHaveLength(1);
    expect(await inbox('referring')).not.toContain('erasure-missing');
  });

  it('is answered later where the partner is away, and erased all the same', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    const { pair } = offices;
    await pair.receiving.restart();
    const open = officeOf(pair, 'receiving');
    pair.gone.add('referring');
    toDay(pair, 11);
    await open.runDue();
    expect(await sealed('receiving')).not.toContain('identity');
    expect(await answers('receiving')).toEqual([]);
    pair.gone.delete('referring');
    pair.clock.ms += limits.deadlineRetryMs;
    await open.runDue();
    await pair.settle();
    expect(await answers('receiving')).toHaveLength(1);
  });
});

const iso = (hours: number): string =>
  new Date(offices.pair.clock.now() + hours * 60 * 60 * 1000).toISOString();
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const DEMAND = {
  form: 'subpoena',
  authority: 'prosecution',
  country: 'NL',
  reference: 'INVENTED-7',
  asksFor: ['identity'],
};

const DECISION = (toldAt: string) => ({
  decision: 'narrowest-part',
  lawyer: { code: 'lawyer-1', advisedAt: toldAt },
  law: 'Invented Code, Article 1',
  handsOver: ['identity'],
  person: { told: toldAt },
  organisation: { told: toldAt },
});

describe('an erasure', () => {
  it('stays open while a place of the key file does not take it, as an alarm', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    const { keyFile } = offices.pair.receiving.exchange.context;
    const inTheWay = offices.pair.folder.path('receiving-sections.generation.tmp');
    await mkdir(inTheWay);
    toDay(offices.pair, 11);
    await runDue('receiving');
    expect(await inbox('receiving')).toContain('erasure-open');
    expect(await answers('receiving')).toEqual([]);
    await rmdir(inTheWay);
    await runDue('receiving');
    expect(await answers('receiving')).toEqual([]);
    offices.pair.clock.ms += limits.deadlineRetryMs;
    await runDue('receiving');
    expect(await inbox('receiving')).not.toContain('erasure-open');
    expect(await answers('receiving')).toHaveLength(1);
    expect(keyFile.get(`${told.referralId}/identity`)).toBeUndefined();
  });

  it('waits while a legal demand is open', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    const { api, hire } = offices.receiving;
    const [worker, head] = [await hire('worker'), await hire('head', 'supervisor')];
    const [now, before] = [iso(0), iso(-1)];
    const about = { requestId: uuid4(), referralId: told.referralId, localCode: '' };
    const record = bytes({ ...DEMAND, receivedAt: before });
    const { matterId } = await api.recordDemand({ ...about, record }, by(worker));
    toDay(offices.pair, 11);
    await runDue('receiving');
    expect(await sealed('receiving')).toContain('identity');
    expect(await answers('receiving')).toEqual([]);
    const decision = bytes({ ...DECISION(before), decidedAt: now });
    await api.decideDemand({ matterId, decision }, by(worker, head));
    offices.pair.clock.ms += limits.heldErasureLookMs;
    await runDue('receiving');
    expect(await sealed('receiving')).not.toContain('identity');
  });
});

describe('over 24 months and five years', () => {
  it('a referral that ends well loses the place of arrival, then all of it, then its rows', async () => {
    await told.tell(...STORY.slice(0, -1));
    const { referralId } = told;
    toDay(offices.pair, 16.9);
    await runDue();
    expect(await sealed('receiving')).toContain('arrival');
    toDay(offices.pair, 17);
    await runDue();
    for (const side of SIDES) expect(await sealed(side)).not.toContain('arrival');
    await told.tell(...STORY.slice(-1));
    toDay(offices.pair, 564);
    await runDue();
    for (const side of SIDES) expect(await sealed(side)).toContain('identity');
    toDay(offices.pair, 565);
    await runDue();
    for (const side of SIDES) expect(await sealed(side)).toEqual([]);
    toDay(offices.pair, 730);
    await runDue();
    for (const side of SIDES) {
      expect((await offices.pair[side].store.load(referralId)).row?.status).toBe('completed');
    }
    toDay(offices.pair, 200 + 1826);
    await runDue();
    for (const side of SIDES) {
      const { row, messages } = await offices.pair[side].store.load(referralId);
      expect({ row, messages }).toEqual({ row: null, messages: [] });
      expect(await inbox(side)).toEqual([]);
    }
  });

  it('a referral that nobody ends runs out after its grants', async () => {
    await told.tell(...upTo('accepted'));
    toDay(offices.pair, 365 + 89);
    await runDue();
    expect(await sealed('receiving')).toContain('minimum');
    toDay(offices.pair, 365 + 91);
    await runDue();
    for (const side of SIDES) expect(await sealed(side)).not.toContain('minimum');
  });
});

describe('a section that a law keeps', () => {
  const law = 'Invented Health Act, 10';
  async function keepers() {
    const { api, hire } = offices.receiving;
    const [worker, head] = [await hire('worker'), await hire('head', 'supervisor')];
    const untilSeconds = START_SECONDS + 100 * DAY;
    const asked = {
      referralId: told.referralId,
      section: 'identity',
      law,
      until: untilSeconds,
    } as const;
    return { api, worker, head, asked };
  }

  it('stays closed until its day, is told with its law, and goes then', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4));
    const { api, worker, head, asked } = await keepers();
    await api.keepSection(asked, by(worker, head));
    toDay(offices.pair, 11);
    await runDue();
    expect(await sealed('receiving')).toContain('identity');
    expect(await sealed('receiving')).not.toContain('danger');
    const why = 'casework';
    const opened = api.openSection({ ...asked, why }, by(worker));
    await expect(opened).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    const [answer] = await answers('receiving');
    expect(answer?.kept).toEqual(['identity']);
    expect(answer?.erased).toContain('danger');
    const { store, exchange } = offices.pair.referring;
    const reasons = (await store.listSections(told.referralId)).filter(
      ({ section, author }) => section === 'reason' && author === 'peer',
    );
    const said = reasons.map((row) => openAtRest(exchange.context, row)?.content ?? bytes(null));
    expect(said.map((one) => JSON.parse(new TextDecoder().decode(one)))).toEqual([
      { code: 'kept-under-law', kept: [{ section: 'identity', law, until: '2027-04-25' }] },
    ]);
    const { sections } = await api.listErasures(asked, by(worker));
    expect(sections).toContainEqual({
      section: 'identity',
      state: 'kept',
      cause: 'withdrawn',
      at: asked.until,
      law,
    });
    toDay(offices.pair, 100);
    await runDue();
    expect(await sealed('receiving')).not.toContain('identity');
    const [, last] = await answers('receiving');
    expect(last?.kept).toEqual([]);
    expect(last?.erased).toContain('identity');
  });

  it('is closed past its time, though the yes still runs', async () => {
    // A grant that ends long after the referral does.
    const until = START_SECONDS + 900 * DAY;
    const grants = PACKAGE_GRANTS.map((grant) => ({ ...grant, until }));
    const lines = STORY.map(([side, step, change]): Line => {
      return [side, step, { ...change, ...(step === 'packageReleased' && { grants }) }];
    });
    await told.tell(...lines);
    const { api, worker, head, asked } = await keepers();
    await api.keepSection({ ...asked, until }, by(worker, head));
    const open = () => api.openSection({ ...asked, why: 'casework' }, by(worker));
    toDay(offices.pair, 364);
    expect((await open()).content.length).toBeGreaterThan(0);
    await runDue();
    toDay(offices.pair, 565);
    await runDue();
    expect(await sealed('receiving')).toContain('identity');
    await expect(open()).rejects.toMatchObject({ code: 'CONSENT_EXPIRED' });
  });

  it('is kept by two people, under a law, until a day to come, and before it is gone', async () => {
    await told.tell(...upTo('packageReceived'), withdrawal(4, { deleteSent: true }));
    const { api, worker, head, asked } = await keepers();
    const keep = (given: object, ...call: Parameters<typeof by>) =>
      api.keepSection({ ...asked, ...given }, by(...call));
    const code = 'SECOND_PERSON_NEEDED';
    await expect(keep({}, worker)).rejects.toMatchObject({ code });
    await expect(keep({}, worker, worker)).rejects.toMatchObject({ code });
    const past = { until: START_SECONDS };
    await expect(keep(past, worker, head)).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
    const system = await offices.receiving.hire('records', 'service');
    await expect(keep({}, system, head)).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
    await runDue('receiving');
    await expect(keep({}, worker, head)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a local case', () => {
  async function caseHere() {
    const { api, hire } = offices.referring;
    const worker = await hire('worker');
    const { file, localCode } = await exampleCase('adult.yaml');
    await api.importCase({ caseFile: file }, by(worker));
    return { api, worker, file, localCode };
  }

  it('is erased with its key, and neither opens nor comes back', async () => {
    const { api, worker, file, localCode } = await caseHere();
    const { keyFile } = offices.pair.referring.exchange.context;
    expect(keyFile.get(`case:${localCode}`)).toBeDefined();
    await api.eraseCase({ localCode }, by(worker));
    expect(keyFile.get(`case:${localCode}`)).toBeUndefined();
    expect((await offices.pair.referring.store.findCase(localCode))?.sealed).toBe('');
    const again = api.importCase({ caseFile: file }, by(worker));
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
    const asked = { localCode, withContent: true, why: 'casework' } as const;
    await expect(api.getCase(asked, by(worker))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await api.eraseCase({ localCode }, by(worker));
  });

  it('is not erased while a referral of it goes on', async () => {
    await told.tell(...upTo('accepted'));
    const { store } = offices.pair.referring;
    await store.insertCase({ localCode: 'TEST-1', sealed: 'x', importedAtMs: 1, erasedAtMs: null });
    const worker = await offices.referring.hire('worker');
    const erase = () => offices.referring.api.eraseCase({ localCode: 'TEST-1' }, by(worker));
    await expect(erase()).rejects.toMatchObject({ code: 'CONFLICT' });
    await told.tell(withdrawal(4));
    await erase();
    expect((await store.findCase('TEST-1'))?.erasedAtMs).not.toBeNull();
  });

  it('whose erasure a place did not take is erased at the next start', async () => {
    const { api, worker, localCode } = await caseHere();
    const inTheWay = offices.pair.folder.path('referring-sections.generation.tmp');
    await mkdir(inTheWay);
    const erase = api.eraseCase({ localCode }, by(worker));
    await expect(erase).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const { store } = offices.pair.referring;
    expect(await store.casesBeingErased()).toEqual([localCode]);
    await rmdir(inTheWay);
    await runDue('referring');
    expect(await store.casesBeingErased()).toEqual([]);
  });
});
