// The database's URL with its password, which stands in a file of its own.
import type { LoadedConfig } from './config.ts';
import { readSecretText } from './config-files.ts';

export async function databaseUrl(
  config: Pick<LoadedConfig, 'databaseUrl' | 'databasePasswordFile'>,
): Promise<string> {
  if (config.databasePasswordFile === undefined) return config.databaseUrl;
  const url = URL.parse(config.databaseUrl);
  if (!url) return config.databaseUrl; // refused by the store, in its own words
  url.password = (
    await readSecretText(config.databasePasswordFile, 'database password file')
  ).trim();
  return url.href;
}
