// What the registry is told: its folder by the environment, the rest by the
// registry.json that lies in it.
import { resolve } from 'node:path';

import { Refusal } from '#model/refusal.ts';

import { readIdentity } from './registry-folder.ts';
import type { RegistryConfig } from './start.ts';

const FOLDER = 'SRX_REGISTRY_FOLDER';

/** @throws Refusal BAD_CONFIG that names the variable or file. */
export async function readRegistryConfig(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<RegistryConfig> {
  const folder = variables[FOLDER];
  if (!folder) throw new Refusal('BAD_CONFIG', `${FOLDER}: name the folder of the registry.`);
  return registryConfigOf(resolve(folder));
}

export async function registryConfigOf(dataFolder: string): Promise<RegistryConfig> {
  const { address, listen } = await readIdentity(dataFolder);
  const { hostname, port } = new URL(`https://${address}`);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { dataFolder, ...(listen ?? { host, port: Number(port || '443') }) };
}
