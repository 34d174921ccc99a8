import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { recordsFor, recordsOfCase } from '#casework/consent-records.ts';
import { grantsOf } from '#casework/from-case.ts';
import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { STAGES } from '#model/codes.ts';
import { newestAnswers } from '#model/consent-record.ts';
import { IDS } from '#test/exchange/pair.ts';

import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let caseFile: CaseFile;

beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  const { file } = await exampleCase('adult.yaml');
  caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  await imported(caseFile);
});
afterEach(() => offices[Symbol.asyncDispose]());

async function imported(file: CaseFile): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(file));
  await offices.referring.api.importCase({ caseFile: bytes }, by(worker));
}

async function records() {
  const { exchange, store } = offices.pair.referring;
  const all = await recordsOfCase({ ...exchange.context, exchange, store }, caseFile.localCode);
  return recordsFor(all, IDS.receiving);
}

const pair = { own: IDS.referring, partner: IDS.receiving };
const without = (name: string): CaseFile => ({
  ...caseFile,
  grants: caseFile.grants.map((grant) => ({
    ...grant,
    sections: grant.sections.filter((section) => section !== name),
  })),
});
const answerTo = async (section: string) =>
  newestAnswers(await records()).find((one) => one.section === section && one.stage === 'package')
    ?.answer;

describe('a case file that is imported', () => {
  it('becomes a consent record whose grants say what the file says, with fresh ids', async () => {
    const grants = grantsOf(await records(), STAGES, pair);
    const bare = grants.map(({ recipient, sections, stage, purpose, until }) => ({
      recipient,
      sections: sections.toSorted(),
      stage,
      purpose,
      until,
    }));
    const inFile = caseFile.grants.map(({ until, sections, ...grant }) => ({
      ...grant,
      sections: sections.toSorted(),
      until: Math.floor(Date.parse(until) / 1000),
    }));
    expect(bare).toEqual(inFile);
    const again = grantsOf(await records(), STAGES, pair);
    expect(again.some(({ grantId }) => grants.some((one) => one.grantId === grantId))).toBe(false);
  });

  it('adds no record when nothing in it is new, and one when an answer changed', async () => {
    await imported(caseFile);
    expect(await records()).toHaveLength(1);
    await imported(without('health'));
    expect(await records()).toHaveLength(2);
    expect(await answerTo('health')).toBe('no');
    expect(await answerTo('legal')).toBe('yes');
    await imported(caseFile);
    expect(await answerTo('health')).toBe('yes');
  });

  it('gives grants of the stages that are asked for, and of no other', async () => {
    const grants = grantsOf(await records(), ['contact'], pair);
    expect(grants.map(({ stage }) => stage)).toEqual(['contact', 'contact']);
  });

  it('leaves the records be when it says nothing of consent', async () => {
    await imported({ ...caseFile, grants: [] });
    expect(await records()).toHaveLength(1);
  });

  it('is what a request goes by: the grants and the pseudonym are those of the record', async () => {
    await imported({ ...caseFile, grants: [] });
    const { outcome } = await offices.referring.api.requestReferral(
      {
        requestId: uuid4(),
        localCode: caseFile.localCode,
        recipient: IDS.receiving,
        continuesReferralId: '',
      },
      by(worker),
    );
    const [record] = await records();
    const { row } = await offices.pair.referring.store.load(outcome.referralId);
    expect(row?.caseCode).toBe(record?.caseCode);
    expect(outcome.status).toBe('requested');
  });
});
