// The short code of a receipt: from the page, a file, or whoever sits at the
// terminal; never from a flag, where other users of the machine could read it.
import { readSecretFile } from '#crypto/files.ts';
import { readShortCode } from '#crypto/short-code.ts';

import { UsageError } from './usage-error.ts';
import type { Call, Options } from './verb.ts';

const CODE_FILE_BYTES_MAX = 256;

export const CODE_FILE_OPTION: Options = {
  'code-file': { value: 'FILE', help: 'holds the short code; without it you are asked' },
};

/** @throws UsageError where nobody can be asked; Refusal MALFORMED, BAD_CONFIG */
export async function readReceiptCode(call: Call, onPage: string | undefined): Promise<string> {
  const file = call.flags.text('code-file');
  if (file !== undefined) {
    const bytes = await readSecretFile(file, 'code file', CODE_FILE_BYTES_MAX);
    if (!bytes) throw new UsageError(`There is no file ${file}: correct --code-file.`);
    return readShortCode(Buffer.from(bytes).toString('latin1').trim());
  }
  if (onPage !== undefined) return readShortCode(onPage);
  const { io, flags } = call;
  if (flags.isSet('no-input') || !io.isTty.stdin) {
    throw new UsageError('The code on the paper is needed: name a file with it by --code-file.');
  }
  return readShortCode(await io.ask('The code on the paper: '));
}
