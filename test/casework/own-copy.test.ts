import { afterEach, beforeEach, expect, it } from 'vitest';

import { sha256Hex, uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { draftOf, IDS } from '#test/exchange/pair.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { STORY, sample } from '#test/model/story.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';
import { storyOn } from './telling-story.ts';

const THIRD = 'https://third.example';
/** As the story names it. */
const localCode = 'TEST-1';

let offices: Offices;
let worker: Person;
let documents: NonNullable<CaseFile['sections']['documents']>;
/** Of the third organisation; the first one has the package with the documents already. */
let referralId: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.referring.hire('worker');
  const { members } = offices.pair.referring.exchange.context;
  const find = members.find.bind(members);
  const third = { ...offices.pair.receiving.member, organisation: THIRD, name: 'Test third' };
  members.find = (id) => (id === THIRD ? third : find(id));
  const { file } = await exampleCase('adult.yaml');
  const text = new TextDecoder().decode(file).replaceAll(IDS.receiving, THIRD);
  const caseFile = { ...(JSON.parse(text) as CaseFile), localCode };
  if (!caseFile.sections.documents) throw new Error('the example has documents');
  ({ documents } = caseFile.sections);
  await sentToFirst();
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  await offices.referring.api.importCase({ caseFile: bytes }, by(worker));
  const asked = { requestId: uuid4(), localCode, recipient: THIRD, continuesReferralId: '' };
  const { outcome } = await offices.referring.api.requestReferral(asked, by(worker));
  referralId = outcome.referralId;
});
afterEach(() => offices[Symbol.asyncDispose]());

async function sentToFirst(): Promise<void> {
  const { pair } = offices;
  const told = storyOn(pair);
  const until = STORY.findIndex(([, step]) => step === 'packageReleased');
  await told.tell(...STORY.slice(0, until));
  const { thread } = await pair.referring.open(told.referralId);
  const { body, grants } = sample(thread, 'referring', 'packageReleased');
  const named = (['contact', 'danger', 'identity'] as const).map((section) => {
    return { section, content: new TextEncoder().encode('{}') };
  });
  const consent = new TextEncoder().encode(JSON.stringify(consentFor(IDS.receiving)));
  await pair.referring.exchange.send({
    ...draftOf(told.referralId, body, [], [...grants]),
    sections: [
      ...named,
      { section: 'consent', content: consent },
      { section: 'documents', content: encodeSection('documents', documents) },
    ],
  });
  await pair.settle();
}

const refusal = {
  code: 'SCHEMA_VIOLATION',
  message: expect.stringContaining('for this organisation alone'),
};

it('a document whose copy went to one partner does not go to another in its package', async () => {
  const reconfirmedAt = Math.floor(offices.pair.clock.now() / 1000);
  const release = { requestId: uuid4(), referralId, reconfirmedAt };
  const released = offices.referring.api.releasePackage(release, by(worker));
  await expect(released).rejects.toMatchObject(refusal);
});

it('nor in a step of its own, where a copy of its own may', async () => {
  const correct = (digest: (given: string) => string) => {
    const items = documents.items.map((one) => ({ ...one, digest: digest(one.digest) }));
    const content = encodeSection('documents', { items });
    const body = { step: 'sectionCorrected', sectionCorrected: { corrects: 'documents' } } as const;
    const sections = [{ section: 'documents' as const, content }];
    const act = { requestId: uuid4(), referralId, body, sections, grants: [] };
    return offices.referring.api.act(act, by(worker));
  };
  await expect(correct((given) => given)).rejects.toMatchObject(refusal);
  // What stops this one is that the package has not gone yet.
  const own = correct(sha256Hex);
  await expect(own).rejects.toMatchObject({ code: 'GATE_OPEN_ITEMS' });
});
