// srx referral: to look at referrals, open a section, and take one out as evidence.
import { stringify } from 'yaml';

import { SECTIONS, type SectionName } from '#model/codes.ts';
import { nearest } from '#model/nearest-name.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';

import type { View } from '../act.ts';
import { verbOfStep } from '../acts.ts';
import { withNode } from '../connection.ts';
import { writeOutput } from '../files.ts';
import { answerPage, pageOf, sinceOf } from '../pages.ts';
import { mustShowPersonal, whyOf } from '../show-personal.ts';
import { block, columns, isoTime, when } from '../text.ts';
import { UsageError } from '../usage-error.ts';
import {
  type Call,
  CONNECTION_OPTIONS,
  PAGE_OPTIONS,
  SHOW_PERSONAL,
  SINCE_OPTION,
  type Verb,
  WHY,
} from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

export const referralVerbs: readonly Verb[] = [
  {
    noun: 'referral',
    name: 'list',
    summary: 'lists referrals, newest change first',
    examples: ['srx referral list', 'srx referral list --since 24h --limit 20 --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const request = { ...pageOf(call), since: sinceOf(call) };
      const page = await withNode(call, (client) => client.listReferrals(request));
      const lines = page.referrals.flatMap((referral) => [
        `${when(referral.changedAt)}  ${call.out.strong(referral.status)}${pendingOf(referral)}`,
        `  ${referral.referralId}  ${referral.side}${caseOf(referral)}`,
        ...block(referral.partner, '  '),
      ]);
      answerPage(call, page, {
        lines: ['Changed (UTC)     Status', ...lines],
        records: page.referrals.map((one) => [
          one.referralId,
          one.status,
          one.side,
          one.partner,
          one.localCode,
          isoTime(one.changedAt),
        ]),
        nothing: 'No referral.',
      });
    },
  },
  {
    noun: 'referral',
    name: 'show',
    summary: 'shows one referral: state, both chains, sections, what may be done next',
    examples: [`srx referral show ${EXAMPLE_ID}`, `srx referral show ${EXAMPLE_ID} --json`],
    operands: [REFERRAL],
    options: CONNECTION_OPTIONS,
    async run(call) {
      const referralId = call.operands[0] ?? '';
      const view = await withNode(call, (client) => client.getReferral({ referralId }));
      call.out.answer(view, viewLines(call, view));
    },
  },
  {
    noun: 'referral',
    name: 'open',
    summary: 'prints one section that the partner sent; the opening is recorded',
    examples: [
      `srx referral open ${EXAMPLE_ID} contact --show-personal`,
      `srx referral open ${EXAMPLE_ID} contact --show-personal --why safety-search --supervisor supervisor.token`,
    ],
    operands: [REFERRAL, { name: 'SECTION', help: 'name of the section' }],
    options: {
      ...SHOW_PERSONAL,
      ...WHY,
      supervisor: {
        value: 'FILE',
        help: 'token of another person, to search for safety up to 90 days after the end',
      },
      ...CONNECTION_OPTIONS,
    },
    async run(call) {
      const [referralId = '', name] = call.operands;
      const section = sectionOf(name);
      mustShowPersonal(call, 'A section');
      const request = { referralId, section, ...whyOf(call) };
      const work = (client: CaseworkClient) => client.openSection(request);
      const answer = await withNode(call, work, call.flags.text('supervisor'));
      const content: unknown = JSON.parse(Buffer.from(answer.content).toString());
      const { messageId } = answer;
      call.out.answer({ section, messageId, content }, [stringify(content).trimEnd()]);
    },
  },
  {
    noun: 'referral',
    name: 'export',
    summary: 'writes one referral as evidence, to be verified offline; no section is in it',
    examples: [
      `srx referral export ${EXAMPLE_ID} --out referral.json`,
      `srx referral export ${EXAMPLE_ID} | srx verify -`,
    ],
    operands: [REFERRAL],
    options: { out: { value: 'FILE', help: 'instead of standard output' }, ...CONNECTION_OPTIONS },
    async run(call) {
      const referralId = call.operands[0] ?? '';
      const answer = await withNode(call, (client) => client.exportReferral({ referralId }));
      const evidence: unknown = JSON.parse(Buffer.from(answer.evidence).toString());
      const text = JSON.stringify(evidence, null, 2);
      const out = call.flags.text('out') ?? '-';
      if (out === '-') return call.out.answer(evidence, [text]);
      await writeOutput(call.io, out, `${text}\n`, 0o600);
      call.out.answer({ referralId, file: out }, block(`Written to ${out}`, '', '  '));
      call.out.note(`Next: srx verify ${out}`);
    },
  },
];

function sectionOf(word: string | undefined): SectionName {
  const section = SECTIONS.find((name) => name === word);
  if (section) return section;
  const close = nearest(word ?? '', SECTIONS);
  const hint = close ? ` Did you mean ${close}?` : '';
  throw new UsageError(`SECTION must be one of ${SECTIONS.join(', ')}.${hint}`);
}

function caseOf({ localCode }: View['referral']): string {
  return localCode === '' ? '' : `, case ${localCode}`;
}

function pendingOf({ pending }: View['referral']): string {
  return pending === 0 ? '' : `, ${pending} on the way`;
}

function viewLines({ out }: Call, view: View): string[] {
  const { referral, timeline, nextSteps, sections, notices, stateDigest } = view;
  const next = nextSteps.flatMap((step) => verbOfStep(step) ?? []);
  return [
    `${out.strong(referral.status)}${pendingOf(referral)}`,
    ...columns([
      ['Referral', referral.referralId],
      ['Partner', `${referral.partner}; this side is ${referral.side}`],
      ['Case', `${referral.localCode || '-'}; code ${referral.caseCode || '-'}`],
      ...notices.map((notice) => ['Notice', notice] as const),
    ]),
    '',
    'Messages (sent, UTC; whose; receipt)',
    ...timeline.map((line) => timelineLine(referral.partner, line)),
    ...(sections.length === 0 ? [] : ['', 'Sections from the partner']),
    ...sections.map(({ section, state, until }) => {
      return `  ${section.padEnd(14)}${state}${until === 0 ? '' : ` until ${when(until)}`}`;
    }),
    '',
    ...columns([
      ['Next', next.length === 0 ? 'nothing' : `srx referral ${next.join(' | ')}`],
      ['State', stateDigest],
    ]),
  ];
}

function timelineLine(partner: string, line: View['timeline'][number]): string {
  const whose = line.author === partner ? 'theirs' : 'ours  ';
  const said = line.verdict === 'counts' ? '' : ` [${line.verdict}]`;
  const receipt = line.receivedAt === 0 ? '-' : when(line.receivedAt);
  const seq = String(line.seq).padStart(3);
  return `  ${when(line.sentAt)}  ${whose} ${seq}  ${`${line.step}${said}`.padEnd(30)} ${receipt}`;
}
