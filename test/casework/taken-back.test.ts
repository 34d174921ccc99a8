import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { Body } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let staff: Record<Side, Person>;
let caseFile: CaseFile;
let referralId: string;
const requestId = uuid4();
beforeEach(async () => {
  offices = await openOffices();
  staff = {
    referring: await offices.referring.hire('worker-1'),
    receiving: await offices.receiving.hire('key-worker'),
  };
  const example = await exampleCase('adult.yaml');
  caseFile = JSON.parse(new TextDecoder().decode(example.file)) as CaseFile;
  await importCase(caseFile);
  referralId = (await request(requestId)).outcome.referralId;
  await offices.pair.settle();
});
afterEach(() => offices[Symbol.asyncDispose]());

async function importCase(file: CaseFile): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(file));
  await offices.referring.api.importCase({ caseFile: bytes }, by(staff.referring));
}

function request(id = uuid4()) {
  const { localCode } = caseFile;
  const asked = { requestId: id, localCode, recipient: IDS.receiving, continuesReferralId: '' };
  return offices.referring.api.requestReferral(asked, by(staff.referring));
}

function release() {
  const reconfirmedAt = Math.floor(offices.pair.clock.now() / 1000);
  const asked = { requestId: uuid4(), referralId, reconfirmedAt };
  return offices.referring.api.releasePackage(asked, by(staff.referring));
}

async function withdraw(side: Side, body: Body): Promise<void> {
  const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
  await offices[side].api.act(act, by(staff[side]));
  await offices.pair.settle();
  offices.pair.clock.pass(60);
}

/** The case with one more event in its consent record, now. */
function saying(eventState: 'renewed' | 'withdrawn'): CaseFile {
  const { consent } = caseFile.sections;
  if (!consent) throw new Error('the example has a consent record');
  const eventTime = new Date(offices.pair.clock.now()).toISOString();
  const event = { eventTime, entityId: IDS.referring, eventType: 'explicit', eventState } as const;
  const events = [...consent.events, event];
  return { ...caseFile, sections: { ...caseFile.sections, consent: { ...consent, events } } };
}

const refusal = { code: 'CONSENT_WITHDRAWN' };

describe('what the person took back', () => {
  it('is not granted again by a new request, though the case file still grants it', async () => {
    await withdraw('referring', withdrawal());
    await expect(request()).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('withdrew minimum, note, risk.'),
    });
    expect((await request(requestId)).outcome.referralId).toBe(referralId);
  });

  it('is not released, wherever it was taken back, and the sections are named', async () => {
    await withdraw('receiving', withdrawal({ whole: false, sections: ['health', 'legal'] }));
    await expect(release()).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining('withdrew health, legal.'),
    });
  });

  it('stays closed by a file that is newer, but shows no newer yes', async () => {
    await withdraw('referring', withdrawal());
    const [first, ...others] = caseFile.grants;
    if (!first) throw new Error('the example has grants');
    await importCase({ ...caseFile, grants: [...others, first] });
    await expect(request()).rejects.toMatchObject(refusal);
    const asking = caseFile.grants.filter(({ stage }) => stage !== 'package');
    await importCase({ ...saying('withdrawn'), grants: asking });
    await expect(request()).rejects.toMatchObject(refusal);
  });

  it('is open again once the consent record shows a yes after it', async () => {
    await withdraw('referring', withdrawal({ whole: false, sections: ['health'] }));
    await expect(release()).rejects.toMatchObject(refusal);
    await importCase(saying('renewed'));
    // Not consent stands in the way now, but the state.
    await expect(release()).rejects.toMatchObject({ code: 'ILLEGAL_STEP' });
    await withdraw('referring', withdrawal());
    await expect(request()).rejects.toMatchObject(refusal);
    await importCase(saying('renewed'));
    expect((await request()).outcome.status).toBe('requested');
  });

  it('does not hold up what it does not concern', async () => {
    await withdraw('referring', withdrawal({ whole: false, sections: ['family'] }));
    expect((await request()).outcome.status).toBe('requested');
  });
});
