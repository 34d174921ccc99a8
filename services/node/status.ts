// How the node is, for the doctor: each part says what it found and what to do.
import { certificateDates } from '#crypto/tls.ts';
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Store } from '#store/open.ts';
import type { Member } from '#trust/member.ts';
import type { CaseworkResponse } from '#wire/contracts/casework.ts';
import type { LoadedConfig } from './config.ts';
import type { NodeEvents } from './events.ts';
import type { NodeKeys } from './keys.ts';
import { VERSION } from './version.ts';

type Status = CaseworkResponse<'getNodeStatus'>;

export type StatusParts = {
  config: LoadedConfig;
  store: Store;
  keys: NodeKeys;
  events: NodeEvents;
  members: { all(): Member[]; find(organisation: string): Member | undefined };
  clock: Clock;
};

export async function nodeStatus(parts: StatusParts): Promise<Status> {
  const { config, store } = parts;
  const database = (await store.checks()).map(({ name, isOk, found, remedy }) => {
    return { name: `database ${name}`, ok: isOk, detail: isOk ? found : `${found}: ${remedy}` };
  });
  return {
    organisation: config.organisation,
    version: VERSION,
    checks: [...database, await eventsCheck(parts), membersCheck(parts), certificateCheck(parts)],
  };
}

async function eventsCheck({ events, store }: StatusParts): Promise<Status['checks'][number]> {
  const waiting = await store.countUnpublished();
  if (events.address === null) {
    return { name: 'events', ok: false, detail: 'NATS is off: set nats in node.json.' };
  }
  const ok = waiting < limits.outboxBatchMax;
  const remedy = ok ? '' : ': look at the log for events-waiting, and whether NATS runs';
  return { name: 'events', ok, detail: `${waiting} wait to be published${remedy}` };
}

function membersCheck({ config, members }: StatusParts): Status['checks'][number] {
  const count = members.all().length;
  const self = members.find(config.organisation);
  if (self) return { name: 'members', ok: true, detail: `${count} live, this node among them` };
  const detail = 'The registry does not name this node: have member.jws admitted there.';
  return { name: 'members', ok: false, detail };
}

function certificateCheck({ keys, clock }: StatusParts): Status['checks'][number] {
  const { notAfterMs } = certificateDates(keys.tls.certificatePem);
  const days = Math.floor((notAfterMs - clock.now()) / 86_400_000);
  const ok = days > 14;
  const remedy = ok ? '' : ': make the next certificate before it ends';
  return { name: 'certificate', ok, detail: `ends in ${days} days${remedy}` };
}
