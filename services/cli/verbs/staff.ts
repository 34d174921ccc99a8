// srx staff: who may act at this node. A token is written to a file and shown
// nowhere.
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';

import { checkStaffId } from '#casework/staff.ts';
import { ROLES, type Role } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import { confirm } from '../confirm.ts';
import { withNode } from '../connection.ts';
import { writeOutput } from '../files.ts';
import { answerPage, pageSince } from '../pages.ts';
import { block, isoTime, when } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Call,
  CONNECTION_OPTIONS,
  PAGE_OPTIONS,
  SINCE_OPTION,
  type Verb,
  YES_OPTION,
} from '../verb.ts';

const ID = { name: 'ID', help: 'small letters, digits, dots and dashes; no name of a person' };

export const staffVerbs: readonly Verb[] = [
  {
    noun: 'staff',
    name: 'add',
    summary: 'adds a member of staff; the token goes into a file of mode 0600, and nowhere else',
    examples: [
      'srx staff add counsellor-2 --role caseworker',
      'srx staff add records --role service --out /run/srx/records.token',
    ],
    operands: [ID],
    options: {
      role: { value: 'ROLE', help: 'what it may do', choices: ROLES },
      out: { value: 'FILE', help: "the token's file (ID.token where you stand)" },
      ...CONNECTION_OPTIONS,
    },
    async run(call) {
      const staffId = call.operands[0] ?? '';
      checkStaffId(staffId);
      const role = call.flags.required('role') as Role;
      const file = call.flags.text('out') ?? `${staffId}.token`;
      await mustBeNew(file);
      const { staff, token } = await withNode(call, (client) => client.addStaff({ staffId, role }));
      await keepToken(call, file, token, staffId);
      const line = `${staffId} is ${role} here. The token is in ${file}`;
      call.out.answer({ staff, tokenFile: file }, block(line, '', '  '), [[staffId, role, file]]);
      call.out.note(
        `Give the file to ${staffId} and to nobody else, and keep no copy. It is named by --token-file, or as a second person by --with.`,
      );
    },
  },
  {
    noun: 'staff',
    name: 'list',
    summary: 'lists who may act here',
    examples: ['srx staff list', 'srx staff list --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const { items: staff, nextCursor } = await pageSince(
        call,
        'oldest-first',
        async (client, request) => {
          const page = await client.listStaff(request);
          return { items: page.staff, nextCursor: page.nextCursor };
        },
        ({ createdAt }) => createdAt,
      );
      const lines = staff.map(
        ({ staffId, role, createdAt }) => `${when(createdAt)}  ${role.padEnd(13)}  ${staffId}`,
      );
      answerPage(
        call,
        { staff, nextCursor },
        {
          lines: ['Added (UTC)       Role           Id', ...lines],
          records: staff.map((row) => [row.staffId, row.role, isoTime(row.createdAt)]),
          nothing: 'No member of staff.',
        },
      );
    },
  },
  {
    noun: 'staff',
    name: 'remove',
    summary: 'ends a token at once',
    examples: ['srx staff remove counsellor-2', 'srx staff remove counsellor-2 --yes'],
    operands: [ID],
    options: { ...CONNECTION_OPTIONS, ...YES_OPTION },
    async run(call) {
      const staffId = call.operands[0] ?? '';
      await confirm(call, staffId, `The token of ${staffId} ends at once.`);
      await withNode(call, (client) => client.removeStaff({ staffId }));
      call.out.answer({ removed: staffId }, [`${staffId} may not act here any more.`], [[staffId]]);
    },
  },
];

// Before the node is asked: a token that cannot be kept would be lost.
async function mustBeNew(file: string): Promise<void> {
  if (file === '-') throw new UsageError('--out: a token is shown nowhere; name a file.');
  const folder = dirname(file);
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) {
    throw new Refusal('CONFLICT', 'The token file is there already: name another one by --out.');
  }
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    const text =
      'The folder of the token file is not there or cannot be written: name another file by --out.';
    throw new Refusal('BAD_CONFIG', text, { cause });
  });
}

async function keepToken(call: Call, file: string, token: string, staffId: string) {
  try {
    await writeOutput(call.io, file, `${token}\n`, 0o600);
  } catch (cause) {
    // Nobody has it: it must not stay valid.
    await withNode(call, (client) => client.removeStaff({ staffId }));
    throw cause;
  }
}
