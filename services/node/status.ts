// How the node is, for the doctor: each part says what it found and what to do.
import { certificateDates } from '#crypto/tls.ts';
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Store } from '#store/open.ts';
import type { MemberList } from '#trust/member-list.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';
import type { LoadedConfig } from './config.ts';
import type { NodeEvents } from './events.ts';
import type { NodeKeys } from './keys.ts';
import { VERSION } from './version.ts';

type Status = CaseworkResponse<'getNodeStatus'>;
type Check = Status['checks'][number];

export type StatusParts = {
  config: LoadedConfig;
  store: Store;
  keys: NodeKeys;
  events: NodeEvents;
  members: Pick<MemberList, 'all' | 'find' | 'answeredAtMs'>;
  clock: Clock;
};

const CERTIFICATE_DAYS_MIN = 14;
const DAY_MS = 86_400_000;

export async function nodeStatus(parts: StatusParts): Promise<Status> {
  const { config, store } = parts;
  const database = (await store.checks()).map(({ name, isOk, found, remedy }) =>
    finding(`database ${name}`, isOk, found, remedy),
  );
  return {
    organisation: config.organisation,
    version: VERSION,
    checks: [
      ...database,
      await eventsCheck(parts),
      registryCheck(parts),
      membersCheck(parts),
      encryptionKeyCheck(parts),
      certificateCheck(parts),
    ],
  };
}

function finding(name: string, ok: boolean, found: string, remedy: string): Check {
  return { name, ok, detail: ok ? found : `${found}: ${remedy}` };
}

async function eventsCheck({ events, store }: StatusParts): Promise<Check> {
  if (events.address === null) {
    return finding('events', false, 'NATS is off', 'set nats in node.json; nobody sees events');
  }
  const waiting = await store.countUnpublished();
  const found = `${waiting} wait to be published`;
  if (!events.isConnected()) {
    return finding('events', false, `NATS is not reached; ${found}`, 'see whether it runs');
  }
  const remedy = 'look at the log for events-waiting';
  return finding('events', waiting < limits.outboxBatchMax, found, remedy);
}

/** What is known of the members stays until their statements end, a day at most. */
function registryCheck({ members, clock }: StatusParts): Check {
  const { answeredAtMs } = members;
  const isLate = answeredAtMs === null || clock.now() - answeredAtMs > 3 * limits.memberRefreshMs;
  const last = answeredAtMs === null ? 'has not answered yet' : `answered at ${when(answeredAtMs)}`;
  const ends = members.all().map(({ validUntilSeconds }) => validUntilSeconds * 1000);
  const until =
    ends.length === 0 ? 'no member is known' : `members until ${when(Math.min(...ends))}`;
  return finding(
    'registry',
    !isLate,
    `${last}; ${until}`,
    'see whether it runs and can be reached',
  );
}

function membersCheck({ config, members }: StatusParts): Check {
  const isMember = members.find(config.organisation) !== undefined;
  const found = `${members.all().length} live, this node ${isMember ? 'among them' : 'is not'}`;
  return finding('members', isMember, found, 'have the registry admit it: srx member export');
}

function encryptionKeyCheck({ keys, clock }: StatusParts): Check {
  const current = keys.keyring
    .list()
    .find(({ purpose, state }) => purpose === 'encryption' && state === 'current');
  const endsAtMs = (current?.retiresAt ?? 0) * 1000;
  const remedy = 'it renews itself; look at the log for key-renewal-failed';
  const isInTime = endsAtMs - clock.now() > (limits.encryptionKeyOverlapSeconds - 86_400) * 1000;
  return finding('encryption key', isInTime, `ends at ${when(endsAtMs)}`, remedy);
}

function certificateCheck({ keys, clock }: StatusParts): Check {
  const { notAfterMs } = certificateDates(keys.tls.certificatePem);
  const days = Math.floor((notAfterMs - clock.now()) / DAY_MS);
  const remedy = 'make a new one and have the registry admit the node with it';
  return finding('certificate', days > CERTIFICATE_DAYS_MIN, `ends in ${days} days`, remedy);
}

function when(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
