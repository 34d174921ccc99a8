// What a node is told: node.json in its folder, checked, and the environment
// over it. No secret stands in it, only the paths of files that hold them.
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';

import { hasCode } from '#crypto/files.ts';
import { hostOf, isLoopback } from '#model/address.ts';
import { entityId } from '#model/message.ts';
import { nearest } from '#model/nearest-name.ts';
import { country, label } from '#model/plan/fields.ts';
import { Refusal } from '#model/refusal.ts';
import { address } from '#trust/metadata.ts';

import { type Environment, LOG_LEVELS, type LogLevel } from './environment.ts';

/** Files of a node's folder, by their names in it. */
export const NODE_FILES = {
  config: 'node.json',
  nodeKey: 'node-key',
  keyring: 'keyring.json',
  sectionKeys: 'sections.keys',
  certificate: 'tls-cert.pem',
  privateKey: 'tls-key.pem',
  database: 'srx.db',
  nats: 'nats',
  staff: 'staff',
  /** The signed entity configuration, for the registry to admit. */
  member: 'member.jws',
  /** The last verified statements of the members. */
  statements: 'members.json',
  /** Held by the process that runs on this folder. */
  lock: 'node.lock',
} as const;

const FAULTS_SHOWN_MAX = 5;

const port = z.int('must be a port').min(0, 'must be a port').max(65_535, 'must be a port');
const path = z.string().min(1, 'must be a path').max(4096);
const listen = { host: z.string().min(1, 'must be a host name or address').max(253), port };
const dialled = z
  .string('must be host:port')
  .refine((text) => address.safeParse(text).success, 'must be host:port');

const databaseUrl = z
  .string()
  .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be sqlite:FILE or postgres://…')
  .refine(
    (url) => !hasPassword(url),
    'holds a password, and others may read it: put it into a file of mode 0600 and name that (databasePasswordFile)',
  );

const Nats = z.discriminatedUnion(
  'mode',
  [
    z.strictObject({ mode: z.literal('own'), serverBinary: path.optional() }),
    z.strictObject({
      mode: z.literal('external'),
      /** tls:// where it is not on this machine. */
      url: z
        .string()
        .regex(/^(nats|tls):\/\/[^@/\s]+:\d{1,5}$/, 'must be tls://host:port')
        .refine(staysOrIsTls, 'must be tls://host:port beyond this machine'),
      credentialsFile: path.optional(),
      /** PEM of the authority that its certificate is from, if the system does not know it. */
      caFile: path.optional(),
    }),
    z.strictObject({ mode: z.literal('off') }),
  ],
  'must have the mode own, external or off',
);

export const NODE_ROLES = ['destination', 'origin'] as const;

export const NodeConfig = z.strictObject({
  srxNode: z.literal(1, 'must be 1'),
  organisation: entityId,
  name: label('The name that other members see.'),
  countries: z.array(country('Countries of its work.')).min(1, 'must name one').max(40),
  roles: z
    .array(z.enum(NODE_ROLES, `must be ${NODE_ROLES.join(' or ')}`))
    .min(1, 'must name one')
    .max(NODE_ROLES.length),
  /** `address` is how partners dial it. */
  exchange: z.strictObject({ ...listen, address: dialled }),
  /** Without `tls` it must stay on loopback. */
  casework: z.strictObject({
    ...listen,
    tls: z.strictObject({ certificateFile: path, privateKeyFile: path }).optional(),
  }),
  federation: z.strictObject({ ...listen, address: dialled }),
  registry: z
    .strictObject({
      entityId,
      address: dialled,
      /** Its federation key as a JWK: the pin on which all trust stands. */
      anchorFile: path,
      /** PEM of the TLS certificate that it shows. */
      caFile: path,
    })
    .nullable(),
  databaseUrl,
  databasePasswordFile: path.optional(),
  nodeKeyFile: path.default(NODE_FILES.nodeKey),
  nats: Nats,
  /** Registered places of the key file; each can be rewritten. */
  keyFilePlaces: z.array(path).min(1).max(8),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});
export type NodeConfig = z.infer<typeof NodeConfig>;

/** Every path in it is absolute. */
export type LoadedConfig = NodeConfig & { folder: string };

/**
 * node.json with the environment over it.
 * @throws Refusal BAD_CONFIG that names each field at fault, never its value.
 */
export async function loadConfig(folder: string, env: Environment = {}): Promise<LoadedConfig> {
  const home = resolve(folder);
  return withPaths(home, withEnvironment(parseConfig(await readConfig(home)), env));
}

/**
 * @param nameOf how a field is called where the person wrote it; as node.json has it by default.
 * @throws Refusal BAD_CONFIG
 */
export function parseConfig(value: unknown, nameOf: NameOfField = inNodeJson): NodeConfig {
  const parsed = NodeConfig.safeParse(value);
  if (!parsed.success) throw faults(parsed.error, nameOf);
  const { casework } = parsed.data;
  if (casework.tls || isLoopback(casework.host)) return parsed.data;
  throw new Refusal(
    'BAD_CONFIG',
    `${nameOf(['casework', 'host'])}: staff tokens would travel in the clear; listen on 127.0.0.1, or give casework.tls in node.json.`,
  );
}

export type NameOfField = (path: readonly PropertyKey[]) => string;

const inNodeJson: NameOfField = (field) =>
  field.length === 0 ? 'node.json' : `node.json: ${field.join('.')}`;

async function readConfig(home: string): Promise<unknown> {
  const file = join(home, NODE_FILES.config);
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) {
      throw new Refusal(
        'BAD_CONFIG',
        'There is no node.json in the folder: make a node with srx init, or name its folder by --folder or SRX_FOLDER.',
      );
    }
    // Without the parser's message, which quotes the file.
    const reason = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new Refusal('BAD_CONFIG', `node.json ${reason}: check its text, owner and mode.`);
  }
}

function withEnvironment(config: NodeConfig, env: Environment): NodeConfig {
  if (env.SRX_NATS_URL !== undefined && env.SRX_NATS_SERVER !== undefined) {
    throw new Refusal('BAD_CONFIG', 'SRX_NATS_URL and SRX_NATS_SERVER: set only one of them.');
  }
  const changed: unknown = {
    ...config,
    ...(env.SRX_DATABASE_URL !== undefined && { databaseUrl: env.SRX_DATABASE_URL }),
    ...(env.SRX_DATABASE_PASSWORD_FILE !== undefined && {
      databasePasswordFile: resolve(env.SRX_DATABASE_PASSWORD_FILE),
    }),
    ...(env.SRX_NODE_KEY_FILE !== undefined && { nodeKeyFile: resolve(env.SRX_NODE_KEY_FILE) }),
    ...(env.SRX_LOG_LEVEL !== undefined && { logLevel: env.SRX_LOG_LEVEL satisfies LogLevel }),
    nats: natsOf(config.nats, env),
  };
  return parseConfig(changed);
}

function natsOf(nats: NodeConfig['nats'], env: Environment): unknown {
  if (env.SRX_NATS_URL !== undefined) {
    const kept = nats.mode === 'external' ? nats : {};
    return { ...kept, mode: 'external', url: env.SRX_NATS_URL };
  }
  if (env.SRX_NATS_SERVER === undefined || nats.mode !== 'own') return nats;
  return { ...nats, serverBinary: resolve(env.SRX_NATS_SERVER) };
}

function withPaths(folder: string, config: NodeConfig): LoadedConfig {
  const at = (file: string) => (isAbsolute(file) ? file : join(folder, file));
  const { casework, registry, nats, databaseUrl: url, databasePasswordFile } = config;
  const tls = casework.tls && {
    certificateFile: at(casework.tls.certificateFile),
    privateKeyFile: at(casework.tls.privateKeyFile),
  };
  return {
    ...config,
    folder,
    casework: { host: casework.host, port: casework.port, ...(tls && { tls }) },
    registry: registry && {
      ...registry,
      anchorFile: at(registry.anchorFile),
      caFile: at(registry.caFile),
    },
    databaseUrl: url.startsWith('sqlite:') ? `sqlite:${at(url.slice('sqlite:'.length))}` : url,
    ...(databasePasswordFile !== undefined && { databasePasswordFile: at(databasePasswordFile) }),
    nodeKeyFile: at(config.nodeKeyFile),
    nats: absoluteNats(nats, at),
    keyFilePlaces: config.keyFilePlaces.map(at),
  };
}

function absoluteNats(nats: NodeConfig['nats'], at: (file: string) => string): NodeConfig['nats'] {
  if (nats.mode === 'external') {
    const { credentialsFile, caFile } = nats;
    return {
      ...nats,
      ...(credentialsFile !== undefined && { credentialsFile: at(credentialsFile) }),
      ...(caFile !== undefined && { caFile: at(caFile) }),
    };
  }
  if (nats.mode !== 'own' || nats.serverBinary === undefined) return nats;
  return { ...nats, serverBinary: at(nats.serverBinary) };
}

function staysOrIsTls(url: string): boolean {
  return url.startsWith('tls://') || isLoopback(hostOf(url.slice('nats://'.length)));
}

function hasPassword(url: string): boolean {
  if (url.startsWith('sqlite:')) return false;
  try {
    const parsed = new URL(url);
    return parsed.password !== '' || parsed.searchParams.has('password');
  } catch {
    return false;
  }
}

function faults(error: z.ZodError, nameOf: NameOfField): Refusal {
  const lines = error.issues.slice(0, FAULTS_SHOWN_MAX).map((issue) => {
    const where = nameOf(issue.path);
    if (issue.code === 'unrecognized_keys') return unknownField(where, issue.keys[0] ?? '', issue);
    const said = issue.message.startsWith('Invalid') ? 'is missing or wrong' : issue.message;
    return `${where}: ${said.replace(/[.]$/, '')}`;
  });
  return new Refusal('BAD_CONFIG', `${lines.join('; ')}.`.replace(/\?\.$/, '?'));
}

// What was written may be anything, a secret too: shown only where it looks like a name.
function unknownField(where: string, key: string, issue: z.core.$ZodIssue): string {
  const known = issue.path.length === 0 ? Object.keys(NodeConfig.shape) : [];
  const close = nearest(key, known);
  const name = /^[A-Za-z]{1,40}$/.test(key) ? ` ${key}` : '';
  return `${where}: there is no field${name}${close ? `; did you mean ${close}?` : ': take it out'}`;
}
