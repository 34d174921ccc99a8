import { expect, it } from 'vitest';

import { sectionsFor } from '#casework/from-case.ts';
import { sha256Hex } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import { grantTo, IDS } from '#test/exchange/pair.ts';
import { exampleCase } from './office.ts';

it('the hash of the code word is another one for each partner of a person', async () => {
  const { file } = await exampleCase('adult.yaml');
  const caseFile = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  const given = caseFile.sections.contact?.codeWordHash ?? '';
  expect(given).toMatch(/^[0-9a-f]{64}$/);
  const sent = ['first', 'second'].map((caseCode) => {
    const pair = { partner: IDS.receiving, caseCode };
    const [contact] = sectionsFor(
      caseFile,
      [],
      [grantTo('receiving', 'package', ['contact'])],
      'package',
      pair,
    );
    const { codeWordHash } = JSON.parse(new TextDecoder().decode(contact?.content));
    return String(codeWordHash);
  });
  expect(sent).toEqual([sha256Hex(`first ${given}`), sha256Hex(`second ${given}`)]);
});
