import { expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, openOffices } from './office.ts';

it('what a partner has cannot be referred on: that takes a case and a yes of its own', async () => {
  await using offices = await openOffices();
  for (const side of ['referring', 'receiving'] as const) {
    Object.assign(offices.pair[side].member, { roles: ['referring', 'receiving'] });
  }
  const worker = await offices.referring.hire('worker');
  const theirs = await offices.receiving.hire('key-worker');
  const { file, localCode } = await exampleCase('adult.yaml');
  await offices.referring.api.importCase({ caseFile: file }, by(worker));
  const asked = { localCode, continuesReferralId: '' };
  const sent = { ...asked, requestId: uuid4(), recipient: IDS.receiving };
  const { outcome } = await offices.referring.api.requestReferral(sent, by(worker));
  await offices.pair.settle();
  const { referral } = await offices.receiving.api.getReferral(outcome, by(theirs));
  // Nothing that the partner has names a case of its own, by any code.
  for (const code of [localCode, referral.caseCode, outcome.referralId]) {
    const onward = { ...asked, localCode: code, requestId: uuid4(), recipient: IDS.referring };
    const refused = offices.receiving.api.requestReferral(onward, by(theirs));
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
  }
  expect(
    (await offices.receiving.api.listCases({ limit: 0, cursor: '' }, by(theirs))).cases,
  ).toEqual([]);
});
