// A real registry on a free loopback port with a folder of its own, and members
// that are as real: keys, certificate, federation endpoint. For tests of any room.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach } from 'vitest';

import { Keyring } from '#crypto/keyring.ts';
import { createTlsCertificate } from '#crypto/tls.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';
import type { Clock } from '#model/clock.ts';
import { type Log, silentLog } from '#model/log.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import {
  entityConfigurationSource,
  type NodeProfile,
  signEntityConfiguration,
} from '#services/node/entity-configuration.ts';
import { startFederationEndpoint } from '#services/node/federation-endpoint.ts';
import { fetchStatementsFrom } from '#services/node/fetch-statements.ts';
import { admitMember, initRegistry, removeMember } from '#services/registry/members.ts';
import { inFolder } from '#services/registry/registry-folder.ts';
import { type Registry, startRegistry } from '#services/registry/start.ts';
import { MemberList } from '#trust/member-list.ts';
import type { StatementCache } from '#trust/statement-cache.ts';
import type { Anchor } from '#trust/verify-chain.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LONG_MS = 2 ** 30; // in these tests nothing happens but what they ask for

export type TestRegistry = AsyncDisposable & {
  folder: string;
  entityId: string;
  anchor: Anchor;
  /** JWK and PEM files for a node's config. */
  anchorFile: string;
  caFile: string;
  /** host:port of the running registry. */
  address(): string;
  admit(memberFile: string): Promise<void>;
  remove(entityId: string): Promise<void>;
  /** Asks the members now. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
  /** On the same folder; the port may differ. */
  start(): Promise<void>;
  /** A member list of a node that pins this registry; not refreshed yet. */
  openMemberList(parts?: { cache?: StatementCache; log?: Log; clock?: Clock }): Promise<MemberList>;
};

export async function startTestRegistry(
  options: { clock?: Clock; log?: Log; refreshMs?: number } = {},
): Promise<TestRegistry> {
  const { clock = { now: () => Date.now() }, log = silentLog, refreshMs = LONG_MS } = options;
  const folder = await mkdtemp(join(tmpdir(), 'srx-registry-'));
  const entityId = 'https://registry.example';
  await initRegistry(
    folder,
    { host: '127.0.0.1', port: 1, name: 'Example Federation', entityId },
    clock,
  );
  const { anchorKey: anchorFile, tlsCertificate: caFile } = inFolder(folder);
  const open = () =>
    startRegistry({ dataFolder: folder, host: '127.0.0.1', port: 0, clock, log, refreshMs });
  let registry: Registry | undefined = await open();
  const tlsCertificate = registry.tlsCertificate;
  let address = new URL(registry.url).host;
  const anchor = await loadAnchor(entityId, anchorFile);
  const stop = async () => {
    await registry?.[Symbol.asyncDispose]();
    registry = undefined;
  };
  return {
    folder,
    entityId,
    anchor,
    anchorFile,
    caFile,
    address: () => address,
    admit: async (memberFile) => void (await admitMember(folder, memberFile, clock)),
    remove: (entity) => removeMember(folder, entity),
    refresh: async () => registry?.refresh(),
    stop,
    async start() {
      registry ??= await open();
      address = new URL(registry.url).host;
    },
    openMemberList: (parts = {}) =>
      MemberList.open({
        anchor,
        // A way of its own for each question: the registry may come back on another port.
        fetchStatements: {
          async get(url, expected) {
            using way = fetchStatementsFrom({ dial: address, certificates: [tlsCertificate] });
            return await way.get(url, expected);
          },
        },
        cache: parts.cache ?? memoryCache(),
        clock: parts.clock ?? clock,
        log: parts.log ?? silentLog,
        refreshMs: LONG_MS,
      }),
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type TestMember = AsyncDisposable & {
  profile: NodeProfile;
  keyring: Keyring;
  tls: { certificatePem: string; privateKeyPem: string };
  /** A fresh member file. */
  memberFile(): Promise<string>;
  /** Serves its configuration; the registry reads it at its next refresh. */
  serve(): Promise<void>;
  hide(): Promise<void>;
};

/** A member with keys and a certificate, its federation endpoint running, not admitted yet. */
export async function makeTestMember(
  registry: TestRegistry,
  own: Partial<NodeProfile> & { entityId: string },
  clock: Clock = { now: () => Date.now() },
): Promise<TestMember> {
  const folder = await mkdtemp(join(tmpdir(), 'srx-member-'));
  const wrappingKey = await createWrappingKey(join(folder, 'node.key'));
  const keyring = await Keyring.create(join(folder, 'keyring.json'), wrappingKey, clock);
  const tls = createTlsCertificate({
    hostNames: ['localhost', '127.0.0.1'],
    notBeforeMs: clock.now() - DAY_MS,
    notAfterMs: clock.now() + 365 * DAY_MS,
  });
  const { hostname } = new URL(own.entityId);
  const profile: NodeProfile = {
    authority: registry.entityId,
    name: `The house at ${hostname}`,
    countries: ['NL'],
    roles: ['referring'],
    address: 'localhost:1',
    certificates: [tls.certificatePem],
    ...own,
  };
  const configuration = entityConfigurationSource(() => profile, keyring, clock);
  const { entityId } = profile;
  const open = (port: number) =>
    startFederationEndpoint({
      host: '127.0.0.1',
      port,
      tls,
      entityId,
      configuration,
      log: silentLog,
    });
  let endpoint: Awaited<ReturnType<typeof open>> | undefined = await open(0);
  const { port } = endpoint;
  profile.federationAddress = `127.0.0.1:${port}`;
  const hide = async () => {
    await endpoint?.[Symbol.asyncDispose]();
    endpoint = undefined;
  };
  return {
    profile,
    keyring,
    tls,
    memberFile: () => signEntityConfiguration(profile, keyring, clock),
    async serve() {
      endpoint ??= await open(port);
    },
    hide,
    async [Symbol.asyncDispose]() {
      await hide();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Keeps what a test opens until that test ends; called once in a test file. */
export function holdForEachTest(): <T extends AsyncDisposable>(thing: T) => T {
  const opened: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const thing of opened.splice(0).toReversed()) await thing[Symbol.asyncDispose]();
  });
  return (thing) => {
    opened.push(thing);
    return thing;
  };
}

export function memoryCache(): StatementCache & { text: string | undefined } {
  return {
    text: undefined,
    async read() {
      return this.text;
    },
    async write(text) {
      this.text = text;
    },
  };
}

/** A clock that stands until it is told to go. */
export function testClock(): Clock & { advance(seconds: number): void } {
  let now = Date.now();
  return {
    now: () => now,
    advance: (seconds) => {
      now += seconds * 1000;
    },
  };
}

/** A log that keeps what was said. */
export function listeningLog(): Log & { said: { event: string; reason?: unknown }[] } {
  const said: { event: string; reason?: unknown }[] = [];
  const say: Log['info'] = (event, fields) => void said.push({ event, ...fields });
  return { said, info: say, warn: say, error: say };
}
