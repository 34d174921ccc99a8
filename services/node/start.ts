// Joins the rooms into a running node, in the order in which they need each
// other, and takes them apart in reverse.
import { join } from 'node:path';

import { findActor } from '#casework/actor.ts';
import { retentionSweep } from '#casework/retention-sweep.ts';
import { uuid4 } from '#crypto/digest.ts';
import { spkiDigest } from '#crypto/tls.ts';
import { type Exchange, startExchange } from '#exchange/exchange.ts';
import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import { openStore, type Store } from '#store/open.ts';
import { startClockwork } from '#tracking/clockwork.ts';
import type { EventListener } from '#tracking/tracker.ts';
import { MemberList } from '#trust/member-list.ts';
import { startCaseworkServer } from '#wire/casework-server.ts';
import { codec } from '#wire/codec.ts';
import { createPeerTransport } from '#wire/exchange-client.ts';
import { startExchangeServer } from '#wire/exchange-server.ts';
import { loadAnchor } from './anchor.ts';
import { caseworkApi } from './casework-api.ts';
import { clockWork } from './clock-work.ts';
import { type LoadedConfig, NODE_FILES } from './config.ts';
import { readCertificate, readTlsPair } from './config-files.ts';
import { databaseUrl } from './database-url.ts';
import { entityConfigurationSource } from './entity-configuration.ts';
import { type NodeEvents, startEvents } from './events.ts';
import { startFederationEndpoint } from './federation-endpoint.ts';
import { fetchStatementsFrom } from './fetch-statements.ts';
import { takeFirstStaff } from './first-staff.ts';
import { holdFolder } from './folder-lock.ts';
import { startKeyUpkeep } from './key-upkeep.ts';
import { type NodeKeys, openKeys } from './keys.ts';
import { nodeProfile } from './member-file.ts';
import { fileStatementCache } from './statement-cache.ts';
import { nodeStatus } from './status.ts';

export type StartOptions = {
  /** Every time that the node reads. `srx serve` gives the machine's. */
  clock: Clock;
  log: Log;
  /** Where a nats-server is looked for. */
  env?: Readonly<Record<string, string | undefined>>;
  /** One line for a person, while something takes long. */
  progress?: (line: string) => void;
  /** Told of each event after it came back from the stream. */
  listeners?: readonly EventListener[];
};

export type RunningNode = AsyncDisposable & {
  organisation: string;
  exchangePort: number;
  caseworkPort: number;
  federationPort: number;
  store: Store;
  exchange: Exchange;
  events: NodeEvents;
  /** What the doctor is told. */
  status(): ReturnType<typeof nodeStatus>;
  /** Asks the registry now; false when it did not answer. */
  refreshMembers(): Promise<boolean>;
  /** Looks now for keys that are due; by itself every hour. */
  renewKeys(): Promise<void>;
  /** Does now what is due by the clock; by itself every few seconds. */
  runDue(): Promise<number>;
};

/** @throws Refusal BAD_CONFIG, KEY_UNAVAILABLE: each says what to do */
export async function start(config: LoadedConfig, options: StartOptions): Promise<RunningNode> {
  const { clock, log } = options;
  await using stack = new AsyncDisposableStack();
  stack.use(await holdFolder(config.folder));
  const keys = await openKeys(config);
  stack.defer(() => keys.keyFile.close());
  const upkeep = stack.use(await startKeyUpkeep({ keyring: keys.keyring, clock, log }));
  const store = stack.use(await openStore({ url: await databaseUrl(config), clock, log }));
  await takeFirstStaff(config.folder, store);
  const events = stack.use(
    await startEvents({
      config,
      outbox: store,
      clock,
      log,
      env: options.env ?? {},
      progress: options.progress ?? (() => {}),
      listeners: options.listeners ?? [],
    }),
  );
  const { members, federationPort } = await joinFederation(config, keys, options, stack);
  const transport = stack.use(createPeerTransport({ tls: keys.tls, spkiDigest, log }));
  const exchange = stack.use(
    startExchange({
      organisation: config.organisation,
      boot: uuid4(),
      store,
      codec,
      members,
      transport,
      ...keys,
      clock,
      log,
      onEvents: () => events.wake(),
    }),
  );
  const exchangeServer = stack.use(
    await startExchangeServer({
      ...config.exchange,
      tls: keys.tls,
      members,
      spkiDigest,
      handlers: {
        deliver: exchange.receive,
        sync: exchange.answerSync,
        listHeads: exchange.answerHeads,
      },
      health: () => true,
      log,
    }),
  );
  const context = { ...exchange.context, exchange, store };
  const sweep = retentionSweep(context);
  const work = clockWork(context);
  const clockwork = stack.use(startClockwork({ store, work, sweep, clock, log }));
  const status = () => nodeStatus({ config, store, keys, events, members, clock });
  const casework = stack.use(
    await startCaseworkServer({
      host: config.casework.host,
      port: config.casework.port,
      ...(await caseworkTls(config)),
      authenticate: (token: string) => findActor(store, token),
      health: () => true,
      handlers: caseworkApi({ context, watchers: events.watchers, members, status }),
      log,
    }),
  );
  log.info('node-started', { organisation: config.organisation });
  const running = stack.move();
  return {
    organisation: config.organisation,
    exchangePort: exchangeServer.port,
    caseworkPort: casework.port,
    federationPort,
    store,
    exchange,
    events,
    status,
    refreshMembers: () => members.refresh(),
    renewKeys: () => upkeep.renew(),
    runDue: () => clockwork.runDue(),
    async [Symbol.asyncDispose]() {
      await running.disposeAsync();
      log.info('node-stopped', { organisation: config.organisation });
    },
  };
}

/** Serves our own configuration, then asks the registry who else is a member. */
async function joinFederation(
  config: LoadedConfig,
  keys: NodeKeys,
  { clock, log }: StartOptions,
  stack: AsyncDisposableStack,
): Promise<{ members: MemberList; federationPort: number }> {
  const { registry } = config;
  if (!registry) {
    throw new Refusal(
      'BAD_CONFIG',
      'node.json: registry: name the registry whose members this node trusts.',
    );
  }
  const profile = await nodeProfile(config);
  const endpoint = stack.use(
    await startFederationEndpoint({
      host: config.federation.host,
      port: config.federation.port,
      tls: keys.tls,
      entityId: config.organisation,
      configuration: entityConfigurationSource(() => profile, keys.keyring, clock),
      log,
    }),
  );
  const certificate = await readCertificate(registry.caFile, 'registry’s TLS certificate');
  const fetchStatements = stack.use(
    fetchStatementsFrom({ dial: registry.address, certificates: [certificate] }),
  );
  const members = stack.use(
    await MemberList.open({
      anchor: await loadAnchor(registry.entityId, registry.anchorFile),
      fetchStatements,
      cache: fileStatementCache(join(config.folder, NODE_FILES.statements)),
      clock,
      log,
    }),
  );
  await members.start();
  return { members, federationPort: endpoint.port };
}

async function caseworkTls(config: LoadedConfig) {
  const { tls } = config.casework;
  return tls ? { tls: await readTlsPair(tls, 'casework TLS') } : {};
}
