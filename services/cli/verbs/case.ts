// srx case: local case files, checked here and kept by the node.
import { stringify } from 'yaml';

import type { CaseFile } from '#model/case-file.ts';
import { limits } from '#model/limits.ts';

import { readCaseFile } from '../case-file-reader.ts';
import { confirm } from '../confirm.ts';
import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { faultLines } from '../faulty-file.ts';
import { readText } from '../files.ts';
import { answerPage, pageSince } from '../pages.ts';
import { retried } from '../retry.ts';
import { mustHaveTerminal, whyOf } from '../show-personal.ts';
import { isoTime, when } from '../text.ts';
import {
  type Call,
  CONNECTION_OPTIONS,
  PAGE_OPTIONS,
  SHOW_PERSONAL,
  SINCE_OPTION,
  type Verb,
  WHY,
  YES_OPTION,
} from '../verb.ts';

const FILE = { name: 'FILE', help: 'a case file in YAML or JSON; - for standard input' };
const CODE = { name: 'CODE', help: 'local code of the case' };

export const caseVerbs: readonly Verb[] = [
  {
    noun: 'case',
    name: 'import',
    summary: 'stores a case file at the node; the same file again changes nothing',
    examples: ['srx case import case.yaml', 'srx case import - --json < case.json'],
    operands: [FILE],
    options: CONNECTION_OPTIONS,
    async run(call) {
      const value = await readWhole(call);
      const caseFile = Buffer.from(JSON.stringify(value));
      const answer = await withNode(call, (client) =>
        retried(() => client.importCase({ caseFile }), call.io.signal),
      );
      const { localCode } = answer.case;
      const what = answer.created ? 'is stored' : 'is here already, the very same';
      call.out.answer(answer, [`Case ${localCode} ${what}.`], [[localCode]]);
      call.out.note(`Next: srx referral request ${localCode} --to PARTNER`);
    },
  },
  {
    noun: 'case',
    name: 'list',
    summary: 'lists local cases, newest first: codes and dates only',
    examples: ['srx case list', 'srx case list --since 7d --limit 10 --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    async run(call) {
      const { items: cases, nextCursor } = await pageSince(
        call,
        'newest-first',
        async (client, request) => {
          const page = await client.listCases(request);
          return { items: page.cases, nextCursor: page.nextCursor };
        },
        ({ importedAt }) => importedAt,
      );
      const lines = cases.flatMap(({ localCode, importedAt, referralIds }) => [
        `${when(importedAt)}  ${call.out.strong(localCode)}`,
        ...referralIds.map((id) => `  referral ${id}`),
      ]);
      answerPage(
        call,
        { cases, nextCursor },
        {
          lines: ['Stored (UTC)      Case', ...lines],
          records: cases.map(({ localCode, importedAt, referralIds }) => {
            return [localCode, isoTime(importedAt), referralIds.join(',')];
          }),
          nothing: 'No case is stored here.',
        },
      );
    },
  },
  {
    noun: 'case',
    name: 'show',
    summary: 'shows one case; its content only with --show-personal, and that is recorded',
    examples: ['srx case show HH-2026-0001', 'srx case show HH-2026-0001 --show-personal --json'],
    operands: [CODE],
    options: { ...CONNECTION_OPTIONS, ...SHOW_PERSONAL, ...WHY },
    async run(call) {
      const withContent = call.flags.isSet('show-personal');
      if (withContent) mustHaveTerminal(call);
      const localCode = call.operands[0] ?? '';
      const answer = await withNode(call, (client) =>
        client.getCase({ localCode, withContent, ...whyOf(call) }),
      );
      const { importedAt, referralIds } = answer.case;
      const content: unknown = withContent
        ? JSON.parse(Buffer.from(answer.caseFile).toString())
        : undefined;
      call.out.answer({ case: answer.case, ...(withContent && { content }) }, [
        `Case ${answer.case.localCode}, stored ${when(importedAt)} UTC`,
        ...(referralIds.length === 0 ? ['  no referral yet'] : []),
        ...referralIds.map((id) => `  referral ${id}`),
        ...(withContent ? ['', stringify(content).trimEnd()] : []),
      ]);
    },
  },
  {
    noun: 'case',
    name: 'erase',
    summary: 'erases a case whose referrals have all ended; nothing brings it back',
    examples: ['srx case erase HH-2026-0001', 'srx case erase HH-2026-0001 --yes --json'],
    operands: [CODE],
    options: { ...YES_OPTION, ...CONNECTION_OPTIONS },
    async run(call) {
      const localCode = call.operands[0] ?? '';
      await confirm(
        call,
        'erase',
        'All that this case says is gone for good, in every backup too.',
      );
      await withNode(call, (client) => client.eraseCase({ localCode }));
      call.out.answer({ localCode, erased: true }, [`Case ${localCode} is erased.`], [[localCode]]);
    },
  },
  {
    noun: 'case',
    name: 'validate',
    summary: 'checks a case file without a node: every fault at once, and how to mend it',
    examples: ['srx case validate case.yaml', 'srx case validate - --json < case.json'],
    operands: [FILE],
    async run(call) {
      const { localCode } = await readWhole(call);
      call.out.answer({ ok: true, localCode, faults: [] }, [`Case ${localCode} has no fault.`]);
    },
  },
];

/** @throws Ended after the faults were told */
async function readWhole(call: Call): Promise<CaseFile> {
  const file = call.operands[0] ?? '';
  const text = await readText(call.io, file, limits.caseFileBytesMax);
  const reading = readCaseFile(text, file === '-' ? 'case.yaml' : file);
  if (reading.ok) return reading.caseFile;
  call.out.answer({ ok: false, faults: reading.faults }, faultLines(file, reading.faults));
  call.out.note('Nothing was stored.');
  throw new Ended(EXIT.failure);
}
