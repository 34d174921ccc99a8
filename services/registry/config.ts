// What the registry is told: the registry.json that lies in its folder.
import { readIdentity } from './registry-folder.ts';
import type { RegistryConfig } from './start.ts';

/** @throws Refusal BAD_CONFIG that names the file. */
export async function registryConfigOf(dataFolder: string): Promise<RegistryConfig> {
  const { address, listen } = await readIdentity(dataFolder);
  const { hostname, port } = new URL(`https://${address}`);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { dataFolder, ...(listen ?? { host, port: Number(port || '443') }) };
}
