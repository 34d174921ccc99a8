import { expect, it } from 'vitest';

import { mustBeItsOwnCopy } from '#casework/own-copy.ts';
import type { CaseFile } from '#model/case-file.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { draftOf, IDS } from '#test/exchange/pair.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { STORY, sample } from '#test/model/story.ts';
import { exampleCase, openOffices } from './office.ts';
import { storyOn } from './telling-story.ts';

it('a document whose copy went to one partner is not sent to another with the same digest', async () => {
  await using offices = await openOffices();
  const { pair } = offices;
  const { file } = await exampleCase('adult.yaml');
  const { documents } = (JSON.parse(new TextDecoder().decode(file)) as CaseFile).sections;
  if (!documents) throw new Error('the example has documents');
  const withDigest = (digit: string) => ({
    section: 'documents' as const,
    content: encodeSection('documents', {
      items: documents.items.map((one) => ({ ...one, digest: digit.repeat(64) })),
    }),
  });
  const told = storyOn(pair);
  await told.tell(
    ...STORY.slice(
      0,
      STORY.findIndex(([, step]) => step === 'packageReleased'),
    ),
  );
  const { thread } = await pair.referring.open(told.referralId);
  const { body, grants } = sample(thread, 'referring', 'packageReleased');
  const named = (['contact', 'danger', 'identity'] as const).map((section) => {
    return { section, content: new TextEncoder().encode('{}') };
  });
  const consent = new TextEncoder().encode(JSON.stringify(consentFor(IDS.receiving)));
  await pair.referring.exchange.send({
    ...draftOf(told.referralId, body, [], [...grants]),
    sections: [...named, { section: 'consent', content: consent }, withDigest('a')],
  });
  const { exchange, store } = pair.referring;
  const judge = (recipient: string, digit: string) =>
    mustBeItsOwnCopy({ ...exchange.context, exchange, store }, 'TEST-1', recipient, [
      withDigest(digit),
    ]);
  await expect(judge('https://third.example', 'a')).rejects.toMatchObject({
    code: 'SCHEMA_VIOLATION',
    message: expect.stringContaining('for this organisation alone'),
  });
  await expect(judge('https://third.example', 'b')).resolves.toBeUndefined();
  await expect(judge(IDS.receiving, 'a')).resolves.toBeUndefined();
});
