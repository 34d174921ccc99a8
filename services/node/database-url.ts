// The database's URL with its password, which stands in a file of its own.
import { readFile } from 'node:fs/promises';

import type { LoadedConfig } from './config.ts';

export async function databaseUrl(
  config: Pick<LoadedConfig, 'databaseUrl' | 'databasePasswordFile'>,
): Promise<string> {
  if (config.databasePasswordFile === undefined) return config.databaseUrl;
  const url = new URL(config.databaseUrl);
  url.password = (await readFile(config.databasePasswordFile, 'utf8')).trim();
  return url.href;
}
