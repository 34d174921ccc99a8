// Makes a node: its folder with config, keys, certificate and the first member
// of staff. Nothing that is there is ever replaced.
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { checkStaffId } from '#casework/staff.ts';
import { syncFolder } from '#crypto/files.ts';
import { KeyFile } from '#crypto/key-file.ts';
import { Keyring } from '#crypto/keyring.ts';
import { createTlsCertificate } from '#crypto/tls.ts';
import { createToken, tokenDigest } from '#crypto/token.ts';
import { createWrappingKey, type WrappingKey } from '#crypto/wrapping-key.ts';
import { hostOf } from '#model/address.ts';
import type { Clock } from '#model/clock.ts';
import type { Role } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import {
  type LoadedConfig,
  loadConfig,
  type NameOfField,
  NODE_FILES,
  type NodeConfig,
  parseConfig,
} from './config.ts';
import { FIRST_STAFF_FILE, tokenFileOf, writeFirstStaff } from './first-staff.ts';
import { makeFolder } from './make-folder.ts';
import { signMemberFile } from './member-file.ts';

export type InitOptions = {
  folder: string;
  /** What differs from the defaults; `srxNode` is set here. */
  config: Omit<
    NodeConfig,
    'srxNode' | 'databaseUrl' | 'nats' | 'keyFilePlaces' | 'nodeKeyFile' | 'logLevel'
  > &
    Partial<Pick<NodeConfig, 'databaseUrl' | 'nats' | 'keyFilePlaces' | 'logLevel'>>;
  staff: { staffId: string; role: Role };
  clock: Clock;
  /** How a field of the config is called where it was asked for. */
  nameOf?: NameOfField;
};

export type InitResult = {
  config: LoadedConfig;
  /** Names in the folder, in the order in which they were made. */
  made: string[];
  tokenFile: string;
  /** Path of the signed configuration for the registry; null without a registry. */
  memberFile: string | null;
};

/** @throws Refusal BAD_CONFIG, or CONFLICT where a node is there already; then nothing is changed. */
export async function initNode(options: InitOptions): Promise<InitResult> {
  const folder = resolve(options.folder);
  checkStaffId(options.staff.staffId);
  const config = configOf(options.config, options.nameOf);
  await claimFolder(folder);
  const made: string[] = [];
  const at = (name: string) => {
    made.push(name);
    return join(folder, name);
  };
  await writable(folder, async () => {
    const nodeKey = await createWrappingKey(at(NODE_FILES.nodeKey));
    const keyring = await Keyring.create(at(NODE_FILES.keyring), nodeKey, options.clock);
    await makeKeyFile(folder, config, nodeKey, made);
    await makeCertificate(config, options.clock, at);
    await makeStaff(folder, options.staff, options.clock, made);
    // Last but one: with it the folder is a node.
    await writeNew(at(NODE_FILES.config), `${JSON.stringify(config, null, 2)}\n`, 0o644);
    if (config.registry) {
      const statement = await signMemberFile(await loadConfig(folder), keyring, options.clock);
      await writeNew(at(NODE_FILES.member), statement, 0o644);
    }
    await syncFolder(folder);
  });
  return {
    config: await loadConfig(folder),
    made,
    tokenFile: join(folder, tokenFileOf(options.staff.staffId)),
    memberFile: config.registry && join(folder, NODE_FILES.member),
  };
}

function configOf(given: InitOptions['config'], nameOf?: NameOfField): NodeConfig {
  const value = {
    srxNode: 1,
    databaseUrl: `sqlite:${NODE_FILES.database}`,
    nats: { mode: 'own' },
    keyFilePlaces: [NODE_FILES.sectionKeys],
    ...given,
  };
  return parseConfig(value, nameOf);
}

// An own folder, or an empty one: a node that is there must never be touched,
// and a half-made one must not be taken for a whole one.
async function claimFolder(folder: string): Promise<void> {
  await writable(folder, async () => {
    await makeFolder(folder);
    const found = await readdir(folder);
    if (found.includes(NODE_FILES.config)) {
      throw new Refusal('CONFLICT', 'The folder holds a node already: name another folder.');
    }
    if (found.length > 0) {
      throw new Refusal(
        'CONFLICT',
        'The folder is not empty: name a new one, so that nothing in it is replaced.',
      );
    }
    if (process.platform !== 'win32' && ((await stat(folder)).mode & 0o077) !== 0) {
      throw new Refusal(
        'BAD_CONFIG',
        'The folder may be read by other users: give it the mode 0700 (chmod 700), or name a new one.',
      );
    }
  });
}

async function makeKeyFile(
  folder: string,
  config: NodeConfig,
  nodeKey: WrappingKey,
  made: string[],
): Promise<void> {
  const places = config.keyFilePlaces.map((place) => resolve(folder, place));
  for (const place of places) await makeFolder(dirname(place));
  const keyFile = await KeyFile.create(places, nodeKey);
  await keyFile.close();
  made.push(...config.keyFilePlaces);
}

async function makeCertificate(
  config: NodeConfig,
  clock: Clock,
  at: (name: string) => string,
): Promise<void> {
  const hostNames = new Set([config.exchange.address, config.federation.address].map(hostOf));
  const { certificatePem, privateKeyPem } = createTlsCertificate({
    hostNames: [...hostNames],
    notBeforeMs: clock.now() - limits.clockSkewSecondsMax * 1000,
    notAfterMs: clock.now() + limits.tlsCertificateLifeMs,
  });
  await writeNew(at(NODE_FILES.privateKey), privateKeyPem, 0o600);
  await writeNew(at(NODE_FILES.certificate), certificatePem, 0o644);
}

async function makeStaff(
  folder: string,
  staff: InitOptions['staff'],
  clock: Clock,
  made: string[],
): Promise<void> {
  const token = createToken();
  const file = tokenFileOf(staff.staffId);
  await mkdir(join(folder, NODE_FILES.staff), { mode: 0o700 });
  await writeNew(join(folder, file), `${token}\n`, 0o600);
  const row = { ...staff, tokenDigest: tokenDigest(token), createdAtMs: clock.now() };
  await writeFirstStaff(folder, row);
  made.push(file, FIRST_STAFF_FILE);
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode, flush: true });
}

async function writable(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof Refusal || !isFileError(cause)) throw cause;
    throw new Refusal(
      'BAD_CONFIG',
      `The folder ${folder} cannot be written: check its owner, rights and free space, or name another.`,
      { cause },
    );
  }
}

function isFileError(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause;
}
