// srx member: the members of the federation, as this node knows them or as the
// registry on this machine keeps them.
import { join, resolve } from 'node:path';

import { Keyring } from '#crypto/keyring.ts';
import { loadWrappingKey } from '#crypto/wrapping-key.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { loadConfig, NODE_FILES } from '#services/node/config.ts';
import { signMemberFile } from '#services/node/member-file.ts';
import { admitMember, listMembers, removeMember } from '#services/registry/members.ts';

import { TrustFailure, type TrustReason } from '#trust/trust-failure.ts';

import { confirm } from '../confirm.ts';
import { folderOf, withNode } from '../connection.ts';
import { readText, writeOutput } from '../files.ts';
import { answerPage, type ItemPage, pageOf, pageOfAll } from '../pages.ts';
import { block, when } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Call,
  CONNECTION_OPTIONS,
  PAGE_OPTIONS,
  SINCE_OPTION,
  type Verb,
  YES_OPTION,
} from '../verb.ts';

const REGISTRY_FOLDER = {
  'registry-folder': { value: 'DIR', help: "the registry's folder (SRX_REGISTRY_FOLDER)" },
};

export const memberVerbs: readonly Verb[] = [
  {
    noun: 'member',
    name: 'list',
    summary: 'lists members: those that this node knows, or those that a registry admitted',
    examples: ['srx member list', 'srx member list --registry-folder registry --json'],
    options: { ...REGISTRY_FOLDER, ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const isRegistry = call.flags.isSet('registry-folder');
      const { items, nextCursor } = isRegistry ? await admitted(call) : await known(call);
      const lines = items.flatMap((member) => [
        call.out.strong(member.name),
        ...block(member.organisation, '  '),
        ...block(
          `${member.countries.join(', ')}; ${member.roles.join(', ')}${stateOf(member)}; ${said(member)}`,
          '  ',
        ),
      ]);
      answerPage(
        call,
        { members: items, nextCursor },
        {
          lines,
          records: items.map((member) => [
            member.organisation,
            member.name,
            member.countries.join(','),
            member.roles.join(','),
            member.isStateRun ? 'state' : '',
          ]),
          nothing: isRegistry
            ? 'No member is admitted yet.'
            : 'This node knows no live member yet.',
        },
      );
    },
  },
  {
    noun: 'member',
    name: 'export',
    summary: "writes this node's signed configuration for the registry; valid for a day",
    examples: ['srx member export --out member.jws', 'srx member export > member.jws'],
    options: { out: { value: 'FILE', help: 'instead of standard output' } },
    async run(call) {
      const config = await loadConfig(folderOf(call), call.env);
      const nodeKey = await loadWrappingKey(config.nodeKeyFile);
      const keyring = await Keyring.open(join(config.folder, NODE_FILES.keyring), nodeKey);
      const statement = await signMemberFile(config, keyring, call.io.clock);
      const file = call.flags.text('out') ?? '-';
      if (file !== '-') await writeOutput(call.io, file, `${statement}\n`);
      call.out.answer({ member: statement }, [file === '-' ? statement : `Written to ${file}`]);
      if (file !== '-')
        call.out.note(`Next: srx member admit ${file}, at the registry, within a day.`);
    },
  },
  {
    noun: 'member',
    name: 'admit',
    summary: 'admits a member to the registry by the file that its node made',
    examples: ['srx member admit member.jws --registry-folder registry'],
    operands: [{ name: 'FILE', help: 'member.jws of the node; - for standard input' }],
    options: {
      ...REGISTRY_FOLDER,
      'state-run': { help: 'a shelter or coordinator that a state runs; people see it' },
    },
    async run(call) {
      const text = await readText(call.io, call.operands[0] ?? '', limits.statementBytesMax);
      const member = await admitMember(
        registryFolderOf(call),
        text,
        call.io.clock,
        call.flags.isSet('state-run'),
      ).catch(explain);
      const { name, entityId, countries, roles } = member;
      const line = `${name} is a member now: ${countries.join(', ')}; ${roles.join(', ')}${stateOf(member)}`;
      call.out.answer(member, [...block(line, '', '  '), ...block(entityId, '  ')], [[entityId]]);
      call.out.note(
        'No police, immigration, prosecution or consular body may be a member: remove it if it is one.',
      );
    },
  },
  {
    noun: 'member',
    name: 'remove',
    summary: 'removes a member from the registry; others learn of it within minutes',
    examples: ['srx member remove https://home.example --registry-folder registry --yes'],
    operands: [{ name: 'ID', help: 'entity id of the member' }],
    options: { ...REGISTRY_FOLDER, ...YES_OPTION },
    async run(call) {
      const entityId = call.operands[0] ?? '';
      const what = `No member will take or send anything from or to ${entityId} any more.`;
      await confirm(call, entityId, what);
      await removeMember(registryFolderOf(call), entityId);
      const line = `${entityId} is no member any more.`;
      call.out.answer({ removed: entityId }, block(line, '', '  '), [[entityId]]);
    },
  },
];

export function registryFolderOf({ flags, env }: Call): string {
  const folder = flags.text('registry-folder') ?? env.SRX_REGISTRY_FOLDER;
  if (folder === undefined) {
    throw new UsageError('--registry-folder or SRX_REGISTRY_FOLDER is needed.');
  }
  return resolve(folder);
}

const REASONS: Readonly<Partial<Record<TrustReason, string>>> = {
  expired: 'it is older than a day',
  'not-yet-valid': 'it is made in the future: compare the clocks of the two machines',
  'authority-hints': 'it is made for another registry: see registry in its node.json',
  signature: 'its signature does not hold',
};

/** What is wrong with a member file, and what to do about it. */
function explain(cause: unknown): never {
  if (!(cause instanceof TrustFailure)) throw cause;
  const reason = REASONS[cause.reason] ?? `it is not as a node wrote it (${cause.reason})`;
  throw new Refusal(
    'TRUST_FAILED',
    `The member file is not accepted: ${reason}. Have its node make it anew (srx member export), and bring it here unchanged.`,
    { cause },
  );
}

type Listed = {
  organisation: string;
  name: string;
  countries: string[];
  roles: string[];
  isStateRun: boolean;
  /** Whole seconds; one of them. */
  admittedAt?: number;
  validUntil?: number;
};

function stateOf({ isStateRun }: { isStateRun: boolean }): string {
  return isStateRun ? '; run by a state' : '';
}

function said({ admittedAt, validUntil }: Listed): string {
  return admittedAt === undefined
    ? `statement valid until ${when(validUntil ?? 0)} UTC`
    : `admitted ${when(admittedAt)} UTC`;
}

async function known(call: Call): Promise<ItemPage<Listed>> {
  if (call.flags.isSet('since')) {
    throw new UsageError('--since: a node does not know since when; add --registry-folder.');
  }
  const request = pageOf(call);
  const page = await withNode(call, (client) => client.listMembers(request));
  return { items: page.members, nextCursor: page.nextCursor };
}

async function admitted(call: Call): Promise<ItemPage<Listed>> {
  const all = (await listMembers(registryFolderOf(call))).map(
    ({ entityId, admittedAtSeconds, ...member }) => {
      return { organisation: entityId, ...member, admittedAt: admittedAtSeconds };
    },
  );
  return pageOfAll(call, all, {
    idOf: ({ organisation }) => organisation,
    timeOf: ({ admittedAt }) => admittedAt,
  });
}
