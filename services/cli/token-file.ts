// A staff token lies in a file that nobody else can read, and comes in no other
// way: not by a flag, not by the environment.
import { readSecretFile } from '#crypto/files.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

const TOKEN_FILE_BYTES_MAX = 1024;
const TOKEN = /^srx_[A-Za-z0-9_-]+$/;

/** A whole one: no name of a file is like it by chance. */
export function looksLikeToken(word: string): boolean {
  return /^srx_[A-Za-z0-9_-]{40,}$/.test(word);
}

/** @throws Refusal BAD_CONFIG with the remedy */
export async function readToken(file: string): Promise<string> {
  if (looksLikeToken(file)) {
    throw new Refusal(
      'BAD_CONFIG',
      'A token stands where the path of its file must: keep it in a file of mode 0600, name that, and have a new token made.',
    );
  }
  const bytes = await readSecretFile(file, 'token file', TOKEN_FILE_BYTES_MAX);
  const token = bytes && Buffer.from(bytes).toString('latin1').trim();
  if (token && TOKEN.test(token) && token.length <= limits.tokenCharsMax) return token;
  throw new Refusal(
    'BAD_CONFIG',
    bytes
      ? 'The token file does not hold a staff token: take the file that srx staff add wrote.'
      : `There is no token file ${file}: correct its path.`,
  );
}
