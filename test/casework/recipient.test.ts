import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { IDS } from '#test/exchange/pair.ts';

import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';

let offices: Offices;
let worker: Person;
let localCode: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker-1');
  const example = await exampleCase('adult.yaml');
  localCode = example.localCode;
  await offices.referring.api.importCase({ caseFile: example.file }, by(worker));
});
afterEach(() => offices[Symbol.asyncDispose]());

const request = (recipient: string) =>
  offices.referring.api.requestReferral(
    { requestId: uuid4(), localCode, recipient, continuesReferralId: '' },
    by(worker),
  );

describe('the recipient of a request', () => {
  it('is a live member', async () => {
    const nobody = request('https://nobody.example');
    await expect(nobody).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
  });

  it('is another organisation', async () => {
    await expect(request(IDS.referring)).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
      message: expect.stringContaining('own organisation'),
    });
  });

  it('is admitted by the registry as receiving, as the sender is as referring', async () => {
    offices.pair.receiving.member.roles = ['referring'];
    await expect(request(IDS.receiving)).rejects.toMatchObject({
      code: 'NOT_PERMITTED',
      message: expect.stringContaining('recipient'),
    });
    offices.pair.receiving.member.roles = ['referring', 'receiving'];
    offices.pair.referring.member.roles = ['receiving'];
    await expect(request(IDS.receiving)).rejects.toMatchObject({
      message: expect.stringContaining('receiving only'),
    });
    offices.pair.referring.member.roles = ['referring'];
    await expect(request(IDS.receiving)).resolves.toMatchObject({ outcome: { seq: 1 } });
  });
});
