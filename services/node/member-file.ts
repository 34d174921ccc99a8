// The node's signed entity configuration, as the registry admits it. It lives a
// day, so it is signed anew whenever it is asked for.
import { join } from 'node:path';

import type { Keyring } from '#crypto/keyring.ts';
import type { Clock } from '#model/clock.ts';
import { Refusal } from '#model/refusal.ts';
import type { Role } from '#trust/metadata.ts';

import { type LoadedConfig, NODE_FILES, type NodeConfig } from './config.ts';
import { readCertificate } from './config-files.ts';
import { type NodeProfile, signEntityConfiguration } from './entity-configuration.ts';

const ROLE_NAMES: Readonly<Record<NodeConfig['roles'][number], Role>> = {
  destination: 'referring',
  origin: 'receiving',
};

/** @throws Refusal BAD_CONFIG without a registry: the statement names its superior. */
export async function nodeProfile(config: LoadedConfig): Promise<NodeProfile> {
  if (!config.registry) {
    throw new Refusal(
      'BAD_CONFIG',
      'node.json: registry: name the registry first; the signed configuration names it.',
    );
  }
  const file = join(config.folder, NODE_FILES.certificate);
  const certificate = await readCertificate(file, 'TLS certificate');
  return {
    entityId: config.organisation,
    authority: config.registry.entityId,
    name: config.name,
    countries: [...config.countries],
    roles: config.roles.map((role) => ROLE_NAMES[role]),
    address: config.exchange.address,
    federationAddress: config.federation.address,
    certificates: [certificate],
  };
}

export async function signMemberFile(
  config: LoadedConfig,
  keyring: Keyring,
  clock: Clock,
): Promise<string> {
  return signEntityConfiguration(await nodeProfile(config), keyring, clock);
}
