// HOST:PORT of a flag.
import { hostOf } from '#model/address.ts';
import { address } from '#trust/metadata.ts';

import { UsageError } from './usage-error.ts';

/** @throws UsageError */
export function readAddress(flag: string, text: string): { host: string; port: number } {
  if (address.safeParse(text).success) {
    return { host: hostOf(text), port: Number(text.slice(text.lastIndexOf(':') + 1)) };
  }
  throw new UsageError(`--${flag}: write HOST:PORT in small letters, such as localhost:7443.`);
}
