// srx init: makes a node's folder and says what to do next.
import { resolve } from 'node:path';

import { hostOf, isLoopback } from '#model/address.ts';
import { ROLES, type Role } from '#model/codes.ts';
import { loadAnchor } from '#services/node/anchor.ts';
import { type NameOfField, NODE_ROLES, type NodeConfig } from '#services/node/config.ts';
import { readCertificate } from '#services/node/config-files.ts';
import { type InitOptions, type InitResult, initNode } from '#services/node/init.ts';
import { inFolder, readIdentity } from '#services/registry/registry-folder.ts';

import { readAddress } from '../address.ts';
import { folderOf } from '../connection.ts';
import { block, columns } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import type { Call, Verb } from '../verb.ts';

export const init: Verb = {
  noun: '',
  name: 'init',
  summary: 'makes a node: config, keys, certificate and the first member of staff',
  examples: [
    'srx init --folder home --id https://home.example --name "Home Again" --country BG --role origin --exchange node.home.example:7443 --registry-id https://registry.example --registry-address registry.example:7440 --registry-anchor anchor.jwk.json --registry-ca tls.pem',
    'srx init --folder try --id https://try.example --name "Try" --country NL --role destination --exchange localhost:7443 --registry-folder registry',
  ],
  options: {
    id: { value: 'URL', help: 'entity id of the organisation, any https URL of its own' },
    name: { value: 'TEXT', help: 'the name that other members see' },
    country: { value: 'CC', help: 'country of its work, such as BG', many: true },
    role: { value: 'ROLE', help: 'what it is in referrals', many: true, choices: NODE_ROLES },
    exchange: { value: 'HOST:PORT', help: 'as partners dial this node' },
    'exchange-listen': { value: 'HOST:PORT', help: 'where it listens, if elsewhere' },
    federation: {
      value: 'HOST:PORT',
      help: 'as the registry dials this node (host of --exchange, port + 2)',
    },
    'federation-listen': { value: 'HOST:PORT', help: 'where it listens, if elsewhere' },
    'casework-listen': {
      value: 'HOST:PORT',
      help: 'for own staff (127.0.0.1, port of --exchange + 1)',
    },
    'registry-id': { value: 'URL', help: 'entity id of the registry' },
    'registry-address': { value: 'HOST:PORT', help: 'as the registry is dialled' },
    'registry-anchor': { value: 'FILE', help: "its federation key as a JWK: this node's pin" },
    'registry-ca': { value: 'FILE', help: 'its TLS certificate, PEM' },
    'registry-folder': { value: 'DIR', help: 'instead of these four, a registry on this machine' },
    database: { value: 'URL', help: 'sqlite:FILE in the folder, or postgres://…' },
    'database-password-file': { value: 'FILE', help: 'holds the password of PostgreSQL' },
    staff: { value: 'ID', help: 'the first member of staff (first)' },
    'staff-role': { value: 'ROLE', help: 'and what it may do (supervisor)', choices: ROLES },
  },
  async run(call) {
    const options = await optionsOf(call);
    const result = await initNode(options);
    const { config, made, tokenFile, memberFile } = result;
    const document = { folder: config.folder, organisation: config.organisation, made };
    call.out.answer({ ...document, tokenFile, memberFile }, report(result));
  },
};

async function optionsOf(call: Call): Promise<InitOptions> {
  const { flags, io } = call;
  const databasePasswordFile = flags.text('database-password-file');
  const database = flags.text('database');
  const exchange = flags.required('exchange');
  const { port } = readAddress('exchange', exchange);
  const federation = flags.text('federation') ?? exchange.replace(/\d+$/, String(port + 2));
  const casework = flags.text('casework-listen') ?? `127.0.0.1:${port + 1}`;
  const countries = [...flags.texts('country')];
  if (countries.length === 0) throw new UsageError('--country is needed, once or more.');
  const roles = flags.texts('role') as NodeConfig['roles'];
  if (roles.length === 0) throw new UsageError('--role is needed: destination, origin or both.');
  return {
    folder: folderOf(call),
    config: {
      organisation: flags.required('id'),
      name: flags.required('name'),
      countries,
      roles: [...roles],
      exchange: { ...listenOf('exchange', exchange, call), address: exchange },
      casework: readAddress('casework-listen', casework),
      federation: { ...listenOf('federation', federation, call), address: federation },
      registry: await registryOf(call),
      ...(database !== undefined && { databaseUrl: database }),
      ...(databasePasswordFile !== undefined && {
        databasePasswordFile: resolve(databasePasswordFile),
      }),
    },
    staff: {
      staffId: flags.text('staff') ?? 'first',
      role: (flags.text('staff-role') ?? 'supervisor') as Role,
    },
    clock: io.clock,
    nameOf,
  };
}

const FLAGS: Readonly<Record<string, string>> = {
  organisation: 'id',
  countries: 'country',
  roles: 'role',
  casework: 'casework-listen',
  databaseUrl: 'database',
  databasePasswordFile: 'database-password-file',
};
const REGISTRY_FLAGS: Readonly<Record<string, string>> = {
  entityId: 'registry-id',
  address: 'registry-address',
  anchorFile: 'registry-anchor',
  caFile: 'registry-ca',
};

/** The flag that a field of node.json comes from. */
const nameOf: NameOfField = ([first, second]) => {
  const field = String(first);
  const flag = field === 'registry' ? REGISTRY_FLAGS[String(second)] : FLAGS[field];
  return `--${flag ?? field}`;
};

async function registryOf({ flags }: Call): Promise<NodeConfig['registry']> {
  const folder = flags.text('registry-folder');
  if (folder !== undefined) {
    const { entityId, address } = await readIdentity(resolve(folder));
    const files = inFolder(resolve(folder));
    return { entityId, address, anchorFile: files.anchorKey, caFile: files.tlsCertificate };
  }
  const names = ['registry-id', 'registry-address', 'registry-anchor', 'registry-ca'];
  if (!names.some((name) => flags.isSet(name))) return null;
  const entityId = flags.required('registry-id');
  const anchorFile = resolve(flags.required('registry-anchor'));
  const caFile = resolve(flags.required('registry-ca'));
  // Now, and not at the first start: whoever has the right files is near.
  await loadAnchor(entityId, anchorFile);
  await readCertificate(caFile, 'registry’s TLS certificate');
  return { entityId, address: flags.required('registry-address'), anchorFile, caFile };
}

function listenOf(name: string, address: string, { flags }: Call) {
  const listen = flags.text(`${name}-listen`);
  if (listen !== undefined) return readAddress(`${name}-listen`, listen);
  const { port } = readAddress(name, address);
  return { host: isLoopback(hostOf(address)) ? '127.0.0.1' : '0.0.0.0', port };
}

function report({ config, made, memberFile, tokenFile }: InitResult): string[] {
  const admit = config.registry
    ? `Have ${memberFile} admitted by the registry within a day: srx member admit FILE. Later, make it anew with srx member export.`
    : 'Name the registry in node.json (registry), then make the file for it with srx member export.';
  const steps = [
    admit,
    'Start the node: srx serve.',
    `Work with it: the token of the first member of staff is ${tokenFile}. For a second one: srx staff add.`,
    'Keep node-key apart from the backups of the rest; without it nothing can be read.',
  ];
  const { exchange, casework, federation } = config;
  return [
    ...block(`A node of ${config.organisation} is in ${config.folder}`, '', '  '),
    '',
    'Made',
    ...columns(made.map((name) => [name, purposeOf(name)])),
    '',
    'Ports',
    ...columns([
      [String(exchange.port), 'exchange: for partners'],
      [String(casework.port), `casework: for own staff, on ${casework.host}`],
      [String(federation.port), 'federation: for the registry'],
    ]),
    '',
    'Next',
    ...steps.flatMap((step, index) => block(step, `  ${index + 1}. `, '     ')),
  ];
}

function purposeOf(name: string): string {
  if (name.endsWith('.token')) return "the first person's token; secret";
  return PURPOSE[name] ?? '';
}

const PURPOSE: Readonly<Record<string, string>> = {
  'node-key': 'wraps the keys; secret',
  'keyring.json': "the node's own keys, wrapped",
  'sections.keys': 'keys of what it stores, wrapped; never in a backup',
  'tls-key.pem': 'key of the certificate; secret',
  'tls-cert.pem': 'TLS certificate, pinned by partners',
  'staff/first.json': 'digest of the first token, for the first start',
  'node.json': 'the config; no secret is in it',
  'member.jws': 'what the registry admits; valid for a day',
};
