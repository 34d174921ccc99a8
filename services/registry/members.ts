// The registry's commands: make one, admit, remove and list members. They work
// on the data folder; a running registry notices.
import { type Clock, nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { withLock } from '#services/node/lock-file.ts';

import { readKeptConfigurations } from './configurations.ts';
import {
  claim,
  judgeMemberFile,
  type MemberRecord,
  type Owners,
  readMembers,
  writeMembers,
} from './member-file.ts';
import {
  createRegistryFolder,
  inFolder,
  openRegistryFolder,
  readIdentity,
} from './registry-folder.ts';

const systemClock: Clock = { now: () => Date.now() };

export type AdmittedMember = Pick<
  MemberRecord,
  'entityId' | 'name' | 'countries' | 'roles' | 'isStateRun'
> & {
  admittedAtSeconds: number;
};

/**
 * A new registry: its keys, its TLS certificate, and what nodes pin.
 * @param options host and port as nodes dial it; entityId if it shall be another than
 *   https://host:port; listen if the service shall listen elsewhere.
 */
export function initRegistry(
  folder: string,
  options: {
    host: string;
    port: number;
    name: string;
    entityId?: string;
    listen?: { host: string; port: number };
  },
  clock: Clock = systemClock,
) {
  const { host, port, name, listen } = options;
  const address = `${host}:${port}`;
  const entityId = options.entityId ?? `https://${port === 443 ? host : address}`;
  return createRegistryFolder(
    folder,
    { entityId, name, address, ...(listen && { listen }) },
    clock,
  );
}

/**
 * @param memberFileText the entity configuration that the member's node wrote.
 * @param isStateRun said by whoever admits it, and not by the member.
 * @throws TrustFailure if it does not hold; Refusal CONFLICT for what another member has.
 */
export async function admitMember(
  folder: string,
  memberFileText: string,
  clock: Clock = systemClock,
  isStateRun = false,
): Promise<AdmittedMember> {
  await readIdentity(folder); // before anything is written there
  return alone(folder, () => admit(folder, memberFileText, clock, isStateRun));
}

async function admit(
  folder: string,
  memberFileText: string,
  clock: Clock,
  isStateRun: boolean,
): Promise<AdmittedMember> {
  const { identity, keyring } = await openRegistryFolder(folder);
  const members = await readMembers(folder);
  const { record } = await judgeMemberFile(
    memberFileText,
    identity.entityId,
    nowSeconds(clock),
    isStateRun,
  );
  if (members.length >= limits.membersMax) {
    throw new Refusal('RATE_LIMITED', `A registry has at most ${limits.membersMax} members.`);
  }
  if ([identity, ...members].some(({ entityId }) => entityId === record.entityId)) {
    throw new Refusal(
      'CONFLICT',
      'The entity id is taken: remove that member first, or correct it.',
    );
  }
  if (members.some(({ name }) => sameName(name) === sameName(record.name))) {
    throw new Refusal(
      'CONFLICT',
      'Another member has this name: people could not tell them apart.',
    );
  }
  const owners: Owners = new Map();
  for (const { kid } of keyring.list()) owners.set(kid, identity.entityId);
  const kept = await readKeptConfigurations(folder);
  for (const { entityId, configuration } of members) {
    claim(owners, { entityId, jws: configuration });
    const jws = kept.get(entityId);
    if (jws !== undefined) claim(owners, { entityId, jws });
  }
  claim(owners, { entityId: record.entityId, jws: record.configuration });
  await writeMembers(folder, [...members, record]);
  return describe(record);
}

/** Takes effect at the members' next look at the list. @throws Refusal NOT_FOUND */
export async function removeMember(folder: string, entityId: string): Promise<void> {
  await readIdentity(folder);
  await alone(folder, async () => {
    const members = await readMembers(folder);
    const left = members.filter((member) => member.entityId !== entityId);
    if (left.length === members.length) {
      throw new Refusal('NOT_FOUND', 'There is no such member: see the list of members.');
    }
    await writeMembers(folder, left);
  });
}

/** Two commands at once would each write the list without the change of the other. */
function alone<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withLock(`${inFolder(folder).members}.lock`, limits.commandLockMs, work);
}

export async function listMembers(folder: string): Promise<AdmittedMember[]> {
  await readIdentity(folder);
  return (await readMembers(folder)).map(describe);
}

function describe(record: MemberRecord) {
  const { entityId, name, countries, roles, isStateRun, admittedAtSeconds } = record;
  return { entityId, name, countries, roles, isStateRun, admittedAtSeconds };
}

function sameName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}
