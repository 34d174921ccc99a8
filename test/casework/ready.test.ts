import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import * as contents from '#deploy/demo/contents.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { Body, Grant } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import { grantTo, IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let staff: Record<Side, Person>;
let heads: Record<Side, Person>;
beforeEach(async () => {
  offices = await openOffices();
  const { referring, receiving } = offices;
  staff = { referring: await referring.hire('worker'), receiving: await receiving.hire('key') };
  heads = {
    referring: await referring.hire('head', 'supervisor'),
    receiving: await receiving.hire('deputy', 'supervisor'),
  };
});
afterEach(() => offices[Symbol.asyncDispose]());

const now = () => Math.floor(offices.pair.clock.now() / 1000);

async function imported(
  name: string,
  change: (file: CaseFile) => void = () => {},
): Promise<CaseFile> {
  const caseFile = JSON.parse(new TextDecoder().decode((await exampleCase(name)).file)) as CaseFile;
  change(caseFile);
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  await offices.referring.api.importCase({ caseFile: bytes }, by(staff.referring));
  return caseFile;
}

function request({ localCode }: CaseFile, second?: Person) {
  const asked = {
    requestId: uuid4(),
    localCode,
    recipient: IDS.receiving,
    continuesReferralId: '',
  };
  return offices.referring.api.requestReferral(asked, by(staff.referring, second));
}

async function act(
  side: Side,
  referralId: string,
  body: Body,
  sections: contents.SectionInput[] = [],
  grants: Grant[] = [],
) {
  const asked = { requestId: uuid4(), referralId, body, sections, grants };
  const done = await offices[side].api.act(asked, by(staff[side], heads[side]));
  await offices.pair.settle();
  return done;
}

function check(
  { localCode }: CaseFile,
  step: 'request' | 'release',
  { second, reconfirmedAt = 0 }: { second?: Person; reconfirmedAt?: number } = {},
) {
  const asked = { localCode, recipient: IDS.receiving, step, reconfirmedAt };
  return offices.referring.api.checkReady(asked, by(staff.referring, second));
}

async function accepted(caseFile: CaseFile): Promise<string> {
  const { referralId } = (await request(caseFile, heads.referring)).outcome;
  await offices.pair.settle();
  const received: Body = { step: 'receiptConfirmed', receiptConfirmed: {} };
  await act('receiving', referralId, received, [contents.workers()]);
  await act('receiving', referralId, { step: 'accepted', accepted: { secondPerson: true } }, [
    contents.offer({ caseFile, nowMs: offices.pair.clock.now() }),
  ]);
  offices.pair.clock.pass(60);
  return referralId;
}

async function assessed(referralId: string, caseFile: CaseFile): Promise<void> {
  for (const side of ['referring', 'receiving'] as const) {
    const theirs = (await offices.pair[side].open(referralId)).state.referring.assessment;
    const answersSeq = side === 'receiving' ? (theirs?.seq ?? 0) : 0;
    const written = contents.risk(side, { caseFile, nowMs: offices.pair.clock.now() });
    const riskAssessed = { assessedAt: now(), answersSeq };
    await act(side, referralId, { step: 'riskAssessed', riskAssessed }, [written]);
  }
}

function release(referralId: string, second?: Person, reconfirmedAt = now()) {
  const asked = { requestId: uuid4(), referralId, reconfirmedAt };
  return offices.referring.api.releasePackage(asked, by(staff.referring, second));
}

const openOf = ({ items }: Awaited<ReturnType<typeof check>>) =>
  items.filter(({ state }) => state === 'open').map(({ code }) => code);

const REFUSED = { code: 'GATE_OPEN_ITEMS' };

describe('a request', () => {
  it('is refused with everything that is open, at once, and nothing is sent', async () => {
    const caseFile = await imported('adult.yaml', (file) => {
      delete file.preparation;
      delete file.sections.return;
      for (const grant of file.grants) {
        grant.sections = grant.sections.filter((name) => name !== 'return');
      }
    });
    await expect(request(caseFile)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringMatching(/reflection time.*Explain.*true reason.*srx case ready/),
    });
    expect(openOf(await check(caseFile, 'request'))).toEqual([
      'reflection-told',
      'reflection-time',
      'options',
      'return-basis',
    ]);
    expect(await offices.pair.referring.store.referralsOfCase(caseFile.localCode)).toEqual([]);
  });

  it('that was stored is answered again, though the case is not ready any more', async () => {
    const caseFile = await imported('adult.yaml');
    const requestId = uuid4();
    const { localCode } = caseFile;
    const asked = { requestId, localCode, recipient: IDS.receiving, continuesReferralId: '' };
    const ask = () => offices.referring.api.requestReferral(asked, by(staff.referring));
    const first = await ask();
    await imported('adult.yaml', (file) => void delete file.preparation);
    expect((await ask()).outcome.messageId).toBe(first.outcome.messageId);
    await expect(request(caseFile)).rejects.toMatchObject(REFUSED);
  });
});

describe('the checklist', () => {
  it('asks for the second person, and is whole with one of another role only', async () => {
    const caseFile = await imported('child.yaml');
    expect(openOf(await check(caseFile, 'request'))).toEqual(['second-person']);
    const same = await offices.referring.hire('worker-2');
    expect(openOf(await check(caseFile, 'request', { second: same }))).toEqual(['second-person']);
    const whole = await check(caseFile, 'request', { second: heads.referring });
    expect(whole).toMatchObject({ ready: true, short: false, referralId: '' });
  });

  it('for a release follows the referral: what is open goes one by one', async () => {
    const caseFile = await imported('adult.yaml');
    const all = ['risk-ours', 'risk-theirs', 'risk-joint', 'asked-again'];
    expect(openOf(await check(caseFile, 'release'))).toEqual(all);
    const referralId = await accepted(caseFile);
    expect(await check(caseFile, 'release')).toMatchObject({ ready: false, referralId });
    await expect(release(referralId)).rejects.toMatchObject(REFUSED);
    await assessed(referralId, caseFile);
    expect(openOf(await check(caseFile, 'release'))).toEqual(['asked-again']);
    await expect(release(referralId, undefined, now() - 3600)).rejects.toMatchObject(REFUSED);
    expect((await check(caseFile, 'release', { reconfirmedAt: now() })).ready).toBe(true);
    expect((await release(referralId)).outcome.status).toBe('package-released');
  });
});

describe('a release', () => {
  it('is refused where a condition of the request does not hold any more', async () => {
    const caseFile = await imported('child.yaml');
    const referralId = await accepted(caseFile);
    await assessed(referralId, caseFile);
    await imported('child.yaml', (file) => {
      if (file.sections.child) file.sections.child.agreesToReturn = 'no';
    });
    await expect(release(referralId, heads.referring)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('The child has not said yes.'),
    });
    await imported('child.yaml');
    await expect(release(referralId)).rejects.toMatchObject({ code: 'SECOND_PERSON_NEEDED' });
    expect((await release(referralId, heads.referring)).outcome.status).toBe('package-released');
  });
});

describe('another step', () => {
  const text = new TextEncoder();

  it('brings nothing of the package before it is released, whatever is granted with it', async () => {
    const caseFile = await imported('adult.yaml');
    const referralId = await accepted(caseFile);
    const danger = text.encode(JSON.stringify(caseFile.sections.danger));
    const notice: Body = { step: 'safetyNotice', safetyNotice: {} };
    const sections = [{ section: 'danger' as const, content: danger }];
    const granted = [grantTo('receiving', 'package', ['danger'])];
    await expect(act('referring', referralId, notice, sections, granted)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('Release the package first.'),
    });
    await assessed(referralId, caseFile);
    await release(referralId);
    await offices.pair.settle();
    expect((await act('referring', referralId, notice, sections)).outcome.seq).toBeGreaterThan(0);
  });

  it('brings nothing more of somebody who is of age now, before their own yes', async () => {
    const caseFile = await imported('child.yaml');
    const referralId = await accepted(caseFile);
    await imported('child.yaml', (file) => {
      Object.assign(file.sections.identity?.birthDate ?? {}, { value: '2008-11-24' });
    });
    await expect(assessed(referralId, caseFile)).rejects.toMatchObject({
      ...REFUSED,
      message: expect.stringContaining('The person is 18 now.'),
    });
  });
});

describe('a removal or detention', () => {
  const forced = (file: CaseFile) => {
    if (!file.sections.return || !file.preparation) throw new Error('the example lacks a part');
    file.sections.return.basis = 'detention';
    file.preparation = {
      removal: {
        order: 'none',
        detained: 'yes',
        toldOf: ['lawyer', 'suspension', 'identification', 'asylum'],
        wantsToBeMet: 'yes',
      },
    };
  };

  it('sends what the meeting needs and no more, and shows what is missing as missing', async () => {
    const caseFile = await imported('adult.yaml', forced);
    const referralId = await accepted(caseFile);
    expect(await check(caseFile, 'release', { reconfirmedAt: now() })).toMatchObject({
      ready: true,
      short: true,
    });
    expect((await release(referralId)).outcome.status).toBe('package-released');
    await offices.pair.settle();
    const { api } = offices.receiving;
    const open = (section: 'consent' | 'contact' | 'danger' | 'health') =>
      api.openSection({ referralId, section }, by(staff.receiving));
    const consent = JSON.parse(new TextDecoder().decode((await open('consent')).content));
    expect(consent.missingGates).toEqual([
      'reflection-told',
      'reflection-time',
      'risk-ours',
      'risk-theirs',
      'risk-joint',
    ]);
    const there = await offices.pair.receiving.store.listSections(referralId);
    expect(there.map(({ section }) => section).toSorted()).toEqual(
      expect.arrayContaining(['consent', 'contact', 'danger', 'minimum']),
    );
    for (const { section } of there) {
      expect(['consent', 'contact', 'danger', 'minimum', 'offer', 'workers']).toContain(section);
    }
    await expect(open('health')).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
  });

  it('lets nothing more follow, whatever is granted with it', async () => {
    const caseFile = await imported('adult.yaml', forced);
    const referralId = await accepted(caseFile);
    await release(referralId);
    await offices.pair.settle();
    const content = new TextEncoder().encode(JSON.stringify(caseFile.sections.health));
    const correction: Body = { step: 'sectionCorrected', sectionCorrected: { corrects: 'health' } };
    const granted = [grantTo('receiving', 'package', ['health'])];
    await expect(
      act('referring', referralId, correction, [{ section: 'health', content }], granted),
    ).rejects.toMatchObject(REFUSED);
  });

  it('sends nothing where the person does not want to be met', async () => {
    const caseFile = await imported('adult.yaml', (file) => {
      forced(file);
      Object.assign(file.preparation?.removal ?? {}, { wantsToBeMet: 'no' });
    });
    await expect(request(caseFile)).rejects.toMatchObject(REFUSED);
  });
});
