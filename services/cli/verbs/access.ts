// srx access: who opened what here, whether the record of it is whole, and who has
// what of one case.
import { limits } from '#model/limits.ts';
import type { PersonCopy } from '#model/person-copy.ts';

import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { answerPage, pageSince } from '../pages.ts';
import { columns, isoTime, when } from '../text.ts';
import { CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';
import { EXAMPLE_ID } from './referral-operand.ts';

type Holdings = Pick<PersonCopy, 'holders' | 'openings'>;
type Held = Holdings['holders'][number]['sections'][number];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const FAULTS: Readonly<Record<string, string>> = {
  changed: 'was changed, or put in by hand',
  missing: 'is missing',
  head: 'the end of the log is not the one that was signed',
  reported: 'a line that a partner was told of is gone',
};

export const accessVerbs: readonly Verb[] = [
  {
    noun: 'access',
    name: 'log',
    summary: 'lists who opened what here and why, oldest first',
    examples: [
      'srx access log HH-2026-0001',
      `srx access log ${EXAMPLE_ID} --json`,
      'srx access log --since 24h',
    ],
    operands: [{ name: 'CODE', help: 'local code of a case, or id of a referral', optional: true }],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const code = call.operands[0] ?? '';
      const about = UUID.test(code)
        ? { localCode: '', referralId: code }
        : { localCode: code, referralId: '' };
      const { items, nextCursor } = await pageSince(
        call,
        'oldest-first',
        async (client, request) => {
          const { lines, nextCursor: next } = await client.listAccess({ ...request, ...about });
          return { items: lines, nextCursor: next };
        },
        ({ openedAt }) => openedAt,
      );
      const lines = items.flatMap((line) => [
        `${when(line.openedAt)}  ${call.out.strong(line.section || 'the whole case')}`,
        `  by ${line.staffId} (${line.role}), for ${line.why}`,
        `  ${line.localCode ? `case ${line.localCode}` : `referral ${line.referralId}`}`,
      ]);
      answerPage(
        call,
        { lines: items, nextCursor },
        {
          lines: ['Opened (UTC)      What', ...lines],
          records: items.map((line) => [
            String(line.number),
            isoTime(line.openedAt),
            line.staffId,
            line.role,
            line.why,
            line.localCode || line.referralId,
            line.section,
          ]),
          nothing: 'Nobody opened anything.',
        },
      );
    },
  },
  {
    noun: 'access',
    name: 'verify',
    summary: 'walks the whole log: a line that was removed, changed or put in is found',
    examples: ['srx access verify', 'srx access verify --json'],
    options: CONNECTION_OPTIONS,
    async run(call) {
      const found = await withNode(call, (client) => client.verifyAccess({}));
      const { lines, faults } = found;
      const said = faults.map(({ number, what }) => {
        const words = FAULTS[what] ?? what;
        return number === 0 || what === 'head' ? `  ${words}` : `  line ${number} ${words}`;
      });
      call.out.answer(
        { ok: faults.length === 0, ...found },
        faults.length === 0
          ? [
              `The access log is whole. Openings in it: ${lines}${lines === 0 ? '' : ', the last one signed'}.`,
            ]
          : [`The access log does not hold. Faults: ${faults.length}.`, ...said],
        faults.map(({ number, what }) => [String(number), what]),
      );
      if (faults.length > 0) {
        call.out.note('Keep this database as it is, and ask who had access to it.');
        throw new Ended(EXIT.notTrusted);
      }
      if (faults.length >= limits.accessFaultsMax) call.out.note('There may be more.');
    },
  },
  {
    noun: 'access',
    name: 'who',
    summary: 'says who has what of a case, until when, who opened it, and the answers to each no',
    examples: ['srx access who HH-2026-0001', 'srx access who HH-2026-0001 --json'],
    operands: [{ name: 'CODE', help: 'local code of the case' }],
    options: CONNECTION_OPTIONS,
    async run(call) {
      const localCode = call.operands[0] ?? '';
      const { holdings } = await withNode(call, (client) => client.getHoldings({ localCode }));
      const { holders, openings } = JSON.parse(Buffer.from(holdings).toString()) as Holdings;
      const lines = holders.flatMap(({ name, organisation, sections, answers }) => [
        call.out.strong(name),
        `  ${organisation}`,
        ...columns(sections.map((held) => [`  ${held.section}`, stateOf(held)] as const)),
        ...answers.map(({ saidAt, answeredAt }) => {
          const answer = answeredAt ? `answered ${day(answeredAt)}` : 'not answered yet';
          return `  A no of ${day(saidAt)}: ${answer}.`;
        }),
        '',
      ]);
      const opened = openings.map(({ at, organisation, role, section }) => {
        return `  ${day(at)}  ${section}, by a ${role} at ${organisation}`;
      });
      call.out.answer(
        { holders, openings },
        holders.length === 0
          ? ['Nobody else has anything of this case.', ...titled('Opened', opened)]
          : [...lines, ...titled('Opened', opened)],
        holders.flatMap(({ organisation, sections }) =>
          sections.map((held) => [organisation, held.section, held.state, held.until ?? '']),
        ),
      );
    },
  },
];

const STATES: Readonly<Record<Held['state'], string>> = {
  'may-be-read': 'may be read',
  closed: 'closed, not erased yet',
  'kept-under-law': 'closed, kept under a law',
  erased: 'erased',
  'not-delivered': 'never arrived there',
};

function stateOf({ state, until, law }: Held): string {
  const end = until === undefined ? '' : ` until ${day(until)}`;
  return `${STATES[state]}${end}${law === undefined ? '' : ` (${law})`}`;
}

function day(time: string): string {
  return time.slice(0, 10);
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}
