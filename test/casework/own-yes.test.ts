import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

const DAY = 24 * 60 * 60;

let offices: Offices;
let worker: Person;
let head: Person;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  head = await offices.referring.hire('head', 'supervisor');
});
afterEach(() => offices[Symbol.asyncDispose]());

/** A request for somebody who turns 18 so many days from now. */
async function requested(days: number): Promise<string> {
  const { file, localCode } = await exampleCase('child.yaml');
  const caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  const birthday = new Date(offices.pair.clock.now() + days * DAY * 1000);
  birthday.setUTCFullYear(birthday.getUTCFullYear() - 18);
  const value = birthday.toISOString().slice(0, 10);
  Object.assign(caseFile.sections.identity?.birthDate ?? {}, { value });
  caseFile.sections.minimum.ageBand = '16-17';
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  await offices.referring.api.importCase({ caseFile: bytes }, by(worker));
  const asked = { requestId: uuid4(), localCode, recipient: IDS.receiving };
  const { outcome } = await offices.referring.api.requestReferral(
    { ...asked, continuesReferralId: '' },
    by(worker, head),
  );
  await offices.pair.settle();
  return outcome.referralId;
}

async function inbox(): Promise<string[]> {
  await offices.referring.runDue();
  const page = await offices.referring.api.listInbox({ limit: 0, cursor: '' }, by(worker));
  return page.items.map(({ kind }) => kind);
}

describe('a child who comes of age during a referral', () => {
  it('is asked for a yes of their own on the very day, and not before', async () => {
    await requested(3);
    offices.pair.clock.pass(2 * DAY);
    expect(await inbox()).not.toContain('own-yes');
    offices.pair.clock.pass(DAY);
    expect(await inbox()).toContain('own-yes');
  });

  it('is asked nothing any more once the referral has ended', async () => {
    const referralId = await requested(3);
    const body = { step: 'enteredInError', enteredInError: { wrongRecipient: false } } as const;
    const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
    await offices.referring.api.act(act, by(worker));
    offices.pair.clock.pass(3 * DAY);
    expect(await inbox()).not.toContain('own-yes');
  });
});
