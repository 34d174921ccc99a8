import { expect, it } from 'vitest';

import { mustNotReachFearedState } from '#casework/state-body.ts';
import { uuid4 } from '#crypto/digest.ts';
import type { Members } from '#exchange/ports.ts';
import type { CaseFile } from '#model/case-file.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { IDS } from '#test/exchange/pair.ts';
import { by, exampleCase, openOffices } from './office.ts';

type Legal = NonNullable<CaseFile['sections']['legal']>;
const APPLICANT = { rightsToStay: [{ country: 'NL', kind: 'asylum-applicant' }], proceedings: [] };
const PROTECTED = { rightsToStay: [{ country: 'NL', kind: 'protected' }], proceedings: [] };
const CLAIM = { rightsToStay: [], proceedings: [{ country: 'NL', kind: 'asylum' }] };
const PERMIT = { rightsToStay: [{ country: 'NL', kind: 'residence-permit' }], proceedings: [] };

it.each([
  ['an asylum applicant', APPLICANT, true, ['BG'], false],
  ['somebody who is protected', PROTECTED, true, ['BG'], false],
  ['a claim before a court', CLAIM, true, ['BG'], false],
  ['an applicant, where the body works in both countries', APPLICANT, true, ['NL', 'BG'], false],
  ['an applicant, where the body is of the country of the claim', APPLICANT, true, ['NL'], true],
  ['an applicant, where no state runs it', APPLICANT, false, ['BG'], true],
  ['somebody with a permit', PERMIT, true, ['BG'], true],
] as const)('a state body may be chosen or not for %s', (_, legal, isStateRun, countries, may) => {
  const members = { find: () => ({ isStateRun, countries }) } as unknown as Members;
  const sections = { legal: legal as unknown as Legal } as CaseFile['sections'];
  const ask = () => mustNotReachFearedState({ members }, { sections }, IDS.receiving);
  if (may) expect(ask).not.toThrow();
  else expect(ask).toThrow(/a state runs this organisation/);
});

it('a request, a package and a later step to a state body are refused for an asylum applicant', async () => {
  await using offices = await openOffices();
  const worker = await offices.referring.hire('worker');
  const { file, localCode } = await exampleCase('adult.yaml');
  const caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  const { legal } = caseFile.sections;
  if (!legal) throw new Error('the example has a section legal');
  legal.rightsToStay = [{ country: 'NL', kind: 'asylum-applicant' }];
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  await offices.referring.api.importCase({ caseFile: bytes }, by(worker));
  const request = () =>
    offices.referring.api.requestReferral(
      { requestId: uuid4(), localCode, recipient: IDS.receiving, continuesReferralId: '' },
      by(worker),
    );
  Object.assign(offices.pair.receiving.member, { isStateRun: true, countries: ['BG'] });
  await expect(request()).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  expect(await offices.pair.referring.store.referralsOfCase(localCode)).toEqual([]);
  Object.assign(offices.pair.receiving.member, { isStateRun: false });
  const { referralId } = (await request()).outcome;
  Object.assign(offices.pair.receiving.member, { isStateRun: true });
  const reconfirmedAt = Math.floor(offices.pair.clock.now() / 1000);
  const release = { requestId: uuid4(), referralId, reconfirmedAt };
  await expect(offices.referring.api.releasePackage(release, by(worker))).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
  });
  const content = encodeSection('note', { text: 'Invented' });
  const step = {
    requestId: uuid4(),
    referralId,
    body: { step: 'clarificationGiven', clarificationGiven: { answersSeq: 1 } } as const,
    sections: [{ section: 'note' as const, content }],
    grants: [],
  };
  await expect(offices.referring.api.act(step, by(worker))).rejects.toMatchObject({
    code: 'NOT_PERMITTED',
  });
});
