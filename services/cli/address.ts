// HOST:PORT of a flag.
import { hostOf } from '#model/address.ts';

import { UsageError } from './usage-error.ts';

/** @throws UsageError */
export function readAddress(flag: string, address: string): { host: string; port: number } {
  const port = Number(/:(\d{1,5})$/.exec(address)?.[1] ?? 0);
  const host = hostOf(address);
  if (host !== '' && port > 0 && port < 65_536) return { host, port };
  throw new UsageError(`--${flag}: write HOST:PORT, such as localhost:7443.`);
}
