// What the doctor looks at without the running node: each finding says what to
// do. The parts that only the running node can judge come from itself.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isPrivate } from '#crypto/files.ts';
import { KeyFile } from '#crypto/key-file.ts';
import { Keyring } from '#crypto/keyring.ts';
import { certificateDates } from '#crypto/tls.ts';
import { loadWrappingKey } from '#crypto/wrapping-key.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';
import { fetchStatementsFrom } from '#services/node/fetch-statements.ts';
import { holdFolder } from '#services/node/folder-lock.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import { configurationUrl, readEndpoints } from '#trust/registry-reader.ts';
import { TrustFailure } from '#trust/trust-failure.ts';

import { readText } from './files.ts';
import type { Io } from './io.ts';
import type { Output } from './output.ts';

export type Finding = { name: string; ok: boolean; detail: string };
type Check = (config: LoadedConfig, io: Io, out: Output) => Promise<string>;

const STATEMENT = {
  contentType: 'application/entity-statement+jwt',
  bytesMax: limits.statementBytesMax,
};
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const CERTIFICATE_DAYS_MIN = 14;
const CERTIFICATE_BYTES_MAX = 64 * 1024;

/** @returns one finding each, in this order */
export async function findings(config: LoadedConfig, io: Io, out: Output): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [name, check] of CHECKS) {
    try {
      found.push({ name, ok: true, detail: await check(config, io, out) });
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      found.push({ name, ok: false, detail: cause.message });
    }
  }
  return found;
}

const CHECKS: readonly (readonly [string, Check])[] = [
  ['program', checkProgram],
  ['files', checkFiles],
  ['clock', checkClock],
  ['keys', checkKeys],
  ['certificate', checkCertificate],
  ['nats-server', checkNatsServer],
  ['registry', checkRegistry],
];

async function checkProgram(): Promise<string> {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major >= 24) return `Node ${process.versions.node}`;
  throw fault(`Node ${process.versions.node}: srx needs Node 24 (npm ci brings it).`);
}

async function checkFiles({ folder, keyFilePlaces, nodeKeyFile }: LoadedConfig): Promise<string> {
  if (process.platform === 'win32') return 'not judged on Windows';
  const tokens = (await readdir(join(folder, NODE_FILES.staff)).catch(() => [])).map((name) =>
    join(NODE_FILES.staff, name),
  );
  const names = [NODE_FILES.keyring, NODE_FILES.privateKey, ...tokens];
  const files = [...names.map((name) => join(folder, name)), nodeKeyFile, ...keyFilePlaces];
  await mustBePrivate(folder, 'The folder', '0700');
  for (const file of files) {
    const shown = file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : 'A key file';
    await mustBePrivate(file, shown, '0600');
  }
  return `${files.length} secret files, readable by their owner only`;
}

async function mustBePrivate(file: string, shown: string, mode: string): Promise<void> {
  const stats = await stat(file).catch((cause: unknown) => {
    throw fault(`${shown} is missing: restore it from where you keep it.`, cause);
  });
  if (isPrivate(stats, file)) return;
  throw fault(`${shown} may be read by other users: set mode ${mode} (chmod ${mode.slice(1)}).`);
}

// A machine without a battery wakes in the past; the files know better. And the
// registry says what time it is there, if it answers.
async function checkClock(config: LoadedConfig, io: Io): Promise<string> {
  const { mtimeMs } = await stat(join(config.folder, NODE_FILES.config));
  const skewMs = 1000 * limits.clockSkewSecondsMax;
  const theirs = await registryTime(config, io);
  const now = io.clock.now();
  const shown = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  if (theirs !== undefined && Math.abs(now - theirs) > skewMs) {
    const side = now > theirs ? 'after' : 'before';
    throw fault(
      `The clock says ${shown}, ${spanOf(Math.abs(now - theirs))} ${side} the registry's: set it by NTP. Partners refuse more than ${spanOf(skewMs)}.`,
    );
  }
  if (now + skewMs < mtimeMs) {
    throw fault(`The clock says ${shown}, before the node was made: set it by NTP.`);
  }
  return theirs === undefined ? `${shown}; compare it` : `${shown}, as the registry's`;
}

function spanOf(ms: number): string {
  if (ms < 2 * HOUR_MS) return `${Math.round(ms / MINUTE_MS)} minutes`;
  return ms < 2 * DAY_MS ? `${Math.round(ms / HOUR_MS)} hours` : `${Math.round(ms / DAY_MS)} days`;
}

/** By the Date header of whatever it answers; undefined where it does not. */
async function registryTime({ registry }: LoadedConfig, io: Io): Promise<number | undefined> {
  let date: number | undefined;
  if (!registry) return undefined;
  try {
    const certificate = await readText(io, registry.caFile, CERTIFICATE_BYTES_MAX);
    const onDate = (ms: number) => {
      date = Number.isNaN(ms) ? undefined : ms;
    };
    using way = fetchStatementsFrom({
      dial: registry.address,
      certificates: [certificate],
      onDate,
    });
    await way.get(configurationUrl(registry.entityId), STATEMENT);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
  }
  return date;
}

async function checkKeys({ folder, nodeKeyFile, keyFilePlaces }: LoadedConfig, io: Io) {
  const nodeKey = await loadWrappingKey(nodeKeyFile);
  const keyring = await Keyring.open(join(folder, NODE_FILES.keyring), nodeKey);
  const overdue = keyring
    .list()
    .find((key) => key.state === 'current' && (key.retiresAt ?? Infinity) <= nowSeconds(io.clock));
  if (overdue) {
    throw fault(`The ${overdue.purpose} key is past its time: srx key rotate ${overdue.purpose}.`);
  }
  return `${keyring.list().length} keys; ${await countSectionKeys(folder, keyFilePlaces, nodeKey)}`;
}

// A running node writes to these files: two at once would spoil them.
async function countSectionKeys(
  folder: string,
  places: readonly string[],
  nodeKey: Awaited<ReturnType<typeof loadWrappingKey>>,
): Promise<string> {
  try {
    await using _held = await holdFolder(folder);
    const keyFile = await KeyFile.open(places, nodeKey);
    const { size } = keyFile;
    await keyFile.close();
    return `${size} section keys`;
  } catch (cause) {
    if (cause instanceof Refusal && cause.code === 'BAD_CONFIG') return 'section keys are in use';
    throw cause;
  }
}

async function checkCertificate({ folder }: LoadedConfig, io: Io): Promise<string> {
  const file = join(folder, NODE_FILES.certificate);
  const { notBeforeMs, notAfterMs } = certificateDates(
    await readText(io, file, CERTIFICATE_BYTES_MAX),
  );
  const days = Math.floor((notAfterMs - io.clock.now()) / DAY_MS);
  if (io.clock.now() < notBeforeMs) throw fault('It is not valid yet: check the clock.');
  if (days >= CERTIFICATE_DAYS_MIN) return `valid for ${days} more days`;
  throw fault(`It ends in ${days} days: make a new one and have the registry learn of it.`);
}

async function checkNatsServer({ nats }: LoadedConfig, io: Io, out: Output): Promise<string> {
  if (nats.mode === 'off') throw fault('NATS is off: nobody sees events; set nats in node.json.');
  if (nats.mode === 'external') return `external, ${nats.url}`;
  const binary = nats.serverBinary;
  return findNatsServer({ binary, env: io.env, progress: out.progress });
}

async function checkRegistry({ registry }: LoadedConfig, io: Io): Promise<string> {
  if (!registry) throw fault('None is named: set registry in node.json.');
  const anchor = await loadAnchor(registry.entityId, registry.anchorFile);
  const certificate = await readText(io, registry.caFile, CERTIFICATE_BYTES_MAX);
  using way = fetchStatementsFrom({ dial: registry.address, certificates: [certificate] });
  try {
    await readEndpoints(way, { anchor, nowSeconds: nowSeconds(io.clock) });
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw fault(`${registry.address}: ${cause.message}${remedyOf(cause)}`, cause);
  }
  return `${registry.entityId} answers, under the pinned key`;
}

function remedyOf(cause: Refusal): string {
  if (!(cause instanceof TrustFailure)) return '';
  if (cause.reason === 'not-yet-valid') return '';
  if (cause.reason === 'expired') return ' Compare the clocks.';
  return ' Get its anchor file anew, by a way other than the network.';
}

function fault(message: string, cause?: unknown): Refusal {
  return new Refusal('BAD_CONFIG', message, { cause });
}
