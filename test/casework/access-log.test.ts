import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { limits } from '#model/limits.ts';
import { Access } from '#model/plan/access.ts';
import type { Side } from '#model/track.ts';
import { adversaryOf } from '#test/exchange/adversary.ts';
import { IDS } from '#test/exchange/pair.ts';
import { lineOf } from '#test/store/samples.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let theirs: Person;
let localCode: string;
let referralId: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker-1');
  theirs = await offices.receiving.hire('key-worker', 'supervisor');
  const example = await exampleCase('adult.yaml');
  localCode = example.localCode;
  const { api } = offices.referring;
  await api.importCase({ caseFile: example.file }, by(worker));
  const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
  const { outcome } = await api.requestReferral({ ...asked, continuesReferralId: '' }, by(worker));
  referralId = outcome.referralId;
  await offices.pair.settle();
});
afterEach(() => offices[Symbol.asyncDispose]());

const open = (why?: 'follow-up') =>
  offices.receiving.api.openSection(
    { referralId, section: 'minimum', ...(why && { why }) },
    by(theirs),
  );
const verify = (side: Side) =>
  offices[side].api.verifyAccess({}, by(side === 'referring' ? worker : theirs));

/** By somebody who has the database in hand. */
function tamper(side: Side, sql: string): void {
  const database = new DatabaseSync(offices.pair.folder.path(`${side}.db`), { timeout: 5000 });
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** A day goes by, and the node tells the partner. */
async function report(): Promise<void> {
  offices.pair.clock.pass(limits.accessReportMs / 1000);
  await offices.receiving.runDue();
  await offices.pair.settle();
}

async function holdings() {
  const found = await offices.referring.api.getHoldings({ localCode }, by(worker));
  return JSON.parse(new TextDecoder().decode(found.holdings));
}

async function reported(): Promise<unknown[]> {
  const rows = await offices.pair.referring.store.listSections(referralId);
  const { content } =
    rows.filter(({ section }) => section === 'access').length === 0
      ? { content: new TextEncoder().encode('{"openings":[]}') }
      : await offices.referring.api.openSection({ referralId, section: 'access' }, by(worker));
  return Access.parse(JSON.parse(new TextDecoder().decode(content))).openings;
}

describe('the access log', () => {
  it('is whole when nobody touched it, and says who, what, when and why', async () => {
    await open();
    await open('follow-up');
    expect(await verify('receiving')).toEqual({ lines: 2, faults: [] });
    const asked = { localCode: '', referralId, limit: 1, cursor: '' };
    const first = await offices.receiving.api.listAccess(asked, by(theirs));
    const openedAt = Math.floor(offices.pair.clock.now() / 1000);
    const line = { openedAt, staffId: 'key-worker', role: 'supervisor', localCode: '' };
    const about = { referralId, section: 'minimum' };
    expect(first.lines).toEqual([{ ...line, ...about, number: 1, why: 'casework' }]);
    const next = { ...asked, cursor: first.nextCursor };
    const second = await offices.receiving.api.listAccess(next, by(theirs));
    expect(second).toEqual({
      lines: [{ ...line, ...about, number: 2, why: 'follow-up' }],
      nextCursor: '',
    });
  });

  it('says nothing of a case or a referral that is not here, rather than that nobody opened it', async () => {
    const { api } = offices.receiving;
    const asked = { localCode: '', referralId, limit: 1, cursor: '' };
    expect((await api.listAccess(asked, by(theirs))).lines).toEqual([]);
    const missing = { code: 'NOT_FOUND' };
    for (const wrong of [{ referralId: uuid4() }, { referralId: '', localCode: 'HH-TYPO' }]) {
      const listed = api.listAccess({ ...asked, ...wrong }, by(theirs));
      await expect(listed).rejects.toMatchObject(missing);
    }
    const held = offices.referring.api.getHoldings({ localCode: 'HH-TYPO' }, by(worker));
    await expect(held).rejects.toMatchObject(missing);
  });

  it.each([
    [
      'a line with another reason',
      "update access_line set why = 'meeting' where number = 2",
      'changed',
      2,
    ],
    [
      'a line with another person',
      "update access_line set staff_id = 'nobody' where number = 3",
      'changed',
      3,
    ],
    ['a line taken out of the middle', 'delete from access_line where number = 2', 'missing', 2],
    ['the first line taken out', 'delete from access_line where number = 1', 'missing', 1],
    ['the last line taken out', 'delete from access_line where number = 4', 'head', 3],
    ['all lines taken out', 'delete from access_line', 'head', 0],
    ['the head taken out', 'delete from access_head', 'head', 4],
    [
      'two lines with their places changed',
      'update access_line set number = -2 where number = 2; update access_line set number = 2 where number = 3; update access_line set number = 3 where number = -2',
      'changed',
      2,
    ],
    [
      'a line put in by hand at the end',
      "insert into access_line select 5, digest, digest, referral_id, local_code, section, 'forger', role, why, opened_at_ms from access_line where number = 4",
      'changed',
      5,
    ],
  ])('does not hold with %s', async (_, sql, what, number) => {
    for (let i = 0; i < 4; i += 1) await open();
    expect(await verify('receiving')).toEqual({ lines: 4, faults: [] });
    tamper('receiving', sql);
    const { faults } = await verify('receiving');
    expect(faults).toContainEqual({ number, what });
  });

  it('does not hold when its end went back to an older one, since the partner knows', async () => {
    await open();
    const old = await offices.pair.receiving.store.lastAccess();
    await open();
    await report();
    // What it said may be erased long before: that it was said is evidence.
    tamper('receiving', "update section set sealed = null where section = 'access'");
    expect(await verify('receiving')).toEqual({ lines: 2, faults: [] });
    tamper(
      'receiving',
      `delete from access_line where number = 2; update access_head set jws = '${old.head}'`,
    );
    expect((await verify('receiving')).faults).toEqual([{ number: 0, what: 'reported' }]);
  });

  it('gives each of many openings at once a line of its own', async () => {
    await Promise.all(Array.from({ length: 20 }, () => open()));
    expect(await verify('receiving')).toEqual({ lines: 20, faults: [] });
  });
});

describe('openings at the receiving organisation', () => {
  it('are told to the referring one a day later, with roles and no names, once', async () => {
    await open();
    offices.pair.clock.pass(60);
    await open();
    await offices.receiving.runDue();
    expect(await reported()).toEqual([]);
    offices.pair.clock.pass(limits.accessReportMs / 1000 - 60);
    await offices.receiving.runDue();
    await offices.pair.settle();
    const told = (await reported()) as { at: string }[];
    expect(told).toMatchObject([
      { number: 1, role: 'supervisor', section: 'minimum' },
      { number: 2, role: 'supervisor', section: 'minimum' },
    ]);
    expect(JSON.stringify(told)).not.toContain('key-worker');
    const before = (await offices.pair.receiving.store.load(referralId)).messages.length;
    await offices.receiving.runDue();
    expect((await offices.pair.receiving.store.load(referralId)).messages).toHaveLength(before);
  });

  it('are told after a withdrawal, too', async () => {
    await open();
    const withdrawal = {
      whole: true,
      sections: [],
      stopReports: true,
      deleteSent: false,
      endServices: false,
      meetingWish: 'not-asked' as const,
    };
    const to = { localCode, referralId: '' };
    const asked = { requestId: uuid4(), ...to, withdrawal, byGuardian: false };
    await offices.referring.api.withdrawConsent(asked, by(worker));
    await offices.pair.settle();
    await report();
    expect(await reported()).toHaveLength(1);
  });

  it('stand in one place with who has what', async () => {
    await open();
    await report();
    const { api } = offices.referring;
    await api.getCase({ localCode, withContent: true, why: 'complaint' }, by(worker));
    const { holders, openings } = await holdings();
    expect(holders).toMatchObject([
      { organisation: IDS.receiving, sections: [{ section: 'minimum', state: 'may-be-read' }] },
    ]);
    expect(openings).toMatchObject([
      { organisation: IDS.referring, section: 'case', role: 'caseworker' },
      { organisation: IDS.receiving, section: 'minimum', role: 'supervisor' },
    ]);
  });

  it('count once when a crash came between the telling and the note of it', async () => {
    await open();
    await report();
    tamper('receiving', 'delete from access_reported');
    offices.pair.clock.pass(60);
    await open();
    await report();
    const { openings } = await holdings();
    expect(openings).toHaveLength(2);
    expect(await verify('receiving')).toEqual({ lines: 2, faults: [] });
  });

  it('behind a fork are told to nobody, and asked for no more', async () => {
    await open();
    const rival = { step: 'cancellationRequested', cancellationRequested: {} } as const;
    const first = { seq: 1, previous: '' };
    const struck = adversaryOf(offices.pair, 'referring').strike(referralId, {
      body: rival,
      sections: ['reason'],
      change: first,
    });
    await expect(struck).rejects.toMatchObject({ code: 'CHAIN_FORK' });
    const { clock, receiving } = offices.pair;
    const { store } = receiving;
    const kinds = async () => (await store.dueDeadlines(clock.now(), 9)).map(({ kind }) => kind);
    clock.pass(limits.accessReportMs / 1000);
    expect(await kinds()).toContain('report-access');
    await offices.receiving.runDue();
    clock.pass(limits.deadlineRetryMs / 1000);
    expect(await kinds()).not.toContain('report-access');
    expect((await store.load(referralId)).messages.filter((m) => m.author === 'own')).toEqual([]);
  });

  it('are shown from the newest back when there are more than one list may hold', async () => {
    const { store } = offices.pair.referring;
    const numbers = Array.from({ length: limits.accessOpeningsMax + 1 }, (_, i) => i + 1);
    const base = offices.pair.clock.now();
    await Promise.all(
      numbers.map((number) => {
        const line = lineOf(number, { localCode, openedAtMs: base + number * 1000 });
        return store.appendAccess(line, 'head', null);
      }),
    );
    const { openings } = await holdings();
    expect(openings).toHaveLength(limits.accessOpeningsMax);
    expect(openings[0].at).toBe(new Date(base + numbers.length * 1000).toISOString());
  });
});
