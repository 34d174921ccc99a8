// srx consent copy: what the person takes along, as a page and as a machine file.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { hasCode } from '#crypto/files.ts';
import { PersonCopy } from '#model/person-copy.ts';
import { Refusal } from '#model/refusal.ts';
import { copyPage } from '#services/paper/copy-page.ts';

import { confirm } from '../confirm.ts';
import { withNode } from '../connection.ts';
import { writeOutput } from '../files.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, SHOW_PERSONAL, type Verb, YES_OPTION } from '../verb.ts';

const WARNING =
  'The files hold what is known of this person. Whoever has them can read them. ' +
  'Hand them over at once, in private, and delete them here.';

export const consentCopy: Verb = {
  noun: 'consent',
  name: 'copy',
  summary: "writes the person's copy into a new folder: a page and a machine file; recorded",
  examples: [
    'srx consent copy HH-2026-0001 --out copy --show-personal',
    'srx consent copy HH-2026-0001 --out copy --show-personal --with-exploitation',
    'srx consent copy HH-2026-0001 --out copy --show-personal --to-guardian --yes --json',
  ],
  operands: [{ name: 'CODE', help: 'local code of the case' }],
  options: {
    ...CONNECTION_OPTIONS,
    ...SHOW_PERSONAL,
    ...YES_OPTION,
    out: { value: 'FOLDER', help: 'made by this command, for you alone' },
    'to-guardian': { help: "for a child's checked guardian; otherwise for the person alone" },
    'with-exploitation': { help: 'what happened too; only when the person asks for it' },
  },
  async run(call) {
    const out = call.flags.required('out');
    if (!call.flags.isSet('show-personal')) {
      throw new UsageError('A copy describes a person: add --show-personal to write it.');
    }
    await confirm(call, 'copy', WARNING);
    const copy = await ask(call);
    await makeFolder(out);
    const [page, file] = [join(out, 'copy.html'), join(out, 'copy.json')];
    await writeOutput(call.io, page, copyPage(copy), 0o600);
    await writeOutput(call.io, file, `${JSON.stringify(copy, null, 2)}\n`, 0o600);
    call.out.answer({ page, file, madeAt: copy.madeAt }, [`The copy is in ${page} and ${file}.`]);
    call.out.note('Read it before you hand it over: texts stand in it as they were typed.');
  },
};

async function ask(call: Call): Promise<PersonCopy> {
  const request = {
    localCode: call.operands[0] ?? '',
    toGuardian: call.flags.isSet('to-guardian'),
    withExploitation: call.flags.isSet('with-exploitation'),
  };
  const { copy } = await withNode(call, (client) => client.makeCopy(request));
  return PersonCopy.parse(JSON.parse(Buffer.from(copy).toString()));
}

/** A new one, so that nothing lies beside the copy that others may read. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) {
      throw new Refusal('CONFLICT', `${folder} is there already: name another folder.`);
    }
    throw new Refusal('BAD_CONFIG', `${folder} cannot be made: check the folder above it.`, {
      cause,
    });
  }
}
