// The registry as a running service: its folder opened, its endpoints served,
// its members asked for their configurations every few minutes.
import { setTimeout as sleep } from 'node:timers/promises';

import type { PublicJwk } from '#crypto/keys.ts';
import type { Clock } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { type Log, silentLog } from '#model/log.ts';
import { serveHttps } from '#services/https/serve-https.ts';
import { codesOf } from '#trust/trust-failure.ts';

import { Directory } from './directory.ts';
import { answerFederation } from './endpoints.ts';
import { openRegistryFolder } from './registry-folder.ts';
import { Statements } from './statements.ts';

export type RegistryConfig = {
  dataFolder: string;
  /** Where to listen; port 0 takes a free one. */
  host: string;
  port: number;
  clock?: Clock;
  log?: Log;
  refreshMs?: number;
};

export type Registry = AsyncDisposable & {
  /** https://host:port where it listens. */
  url: string;
  entityId: string;
  /** What nodes pin. */
  anchorKey: PublicJwk;
  tlsCertificate: string;
  /** Asks every member now. */
  refresh(): Promise<void>;
};

/** @throws Refusal BAD_CONFIG or KEY_UNAVAILABLE with the remedy. */
export async function startRegistry(config: RegistryConfig): Promise<Registry> {
  const { clock = { now: () => Date.now() }, log = silentLog } = config;
  const { identity, keyring, tls } = await openRegistryFolder(config.dataFolder);
  const { entityId } = identity;
  const statements = new Statements(identity, keyring, clock);
  const reserved = new Map(keyring.list().map(({ kid }) => [kid, entityId]));
  const parts = { folder: config.dataFolder, statements, clock, log, reserved };
  const directory = await Directory.open(parts);
  const server = await serveHttps({
    host: config.host,
    port: config.port,
    tls,
    log,
    answer: (url) => answerFederation(url, { entityId, statements, directory }),
  });
  const stopped = new AbortController();
  const loop = repeat(directory, config.refreshMs ?? limits.memberRefreshMs, log, stopped.signal);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `https://${host}:${server.port}`;
  log.info('registry.started', { entityId, url });
  return {
    url,
    entityId,
    anchorKey: keyring.signing('federation').publicJwk,
    tlsCertificate: tls.certificatePem,
    refresh: () => directory.refresh(),
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await server[Symbol.asyncDispose]();
      await loop;
      log.info('registry.stopped', { entityId });
    },
  };
}

async function repeat(directory: Directory, refreshMs: number, log: Log, signal: AbortSignal) {
  while (!signal.aborted) {
    await directory.refresh().catch((cause: unknown) => {
      log.error('registry.refresh-failed', codesOf(cause));
    });
    // Jitter, so that members are not asked in step.
    await sleep(refreshMs * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => {});
  }
}
