// srx breach: data may be in wrong hands. What to do, by when, and what was done.
import { uuid4 } from '#crypto/digest.ts';
import { PERSONAL_SECTIONS } from '#model/codes.ts';
import {
  BREACH_STEP_NAMES,
  OUTCOMES,
  type Outcome,
  REPORTED_SCENARIOS,
} from '#model/matter/breach.ts';
import { nearest } from '#model/nearest-name.ts';
import { HOLDERS } from '#model/plan/breach.ts';
import { encodeSection } from '#model/plan/sections.ts';

import { withNode } from '../connection.ts';
import {
  EXAMPLE_MATTER,
  listMatters,
  matterOperand,
  REQUEST_ID,
  showMatter,
  stepLines,
} from '../matter-view.ts';
import { retried } from '../retry.ts';
import { block, isoTime } from '../text.ts';
import { readTime } from '../times.ts';
import { UsageError } from '../usage-error.ts';
import { type Call, CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

const STEP = { name: 'STEP', help: 'name of the step, as srx breach show has it' };

export const breachVerbs: readonly Verb[] = [
  {
    noun: 'breach',
    name: 'report',
    summary: 'says that data may be in wrong hands: opens the steps, and tells the partner',
    examples: [
      `srx breach report ${EXAMPLE_ID} --scenario lost-slip --kinds contact,arrival --since 2h`,
      `srx breach report ${EXAMPLE_ID} --scenario infiltrated-partner --kinds contact --since 7d --learnt 1h`,
    ],
    operands: [REFERRAL],
    options: {
      scenario: { value: 'CODE', help: 'what happened', choices: REPORTED_SCENARIOS },
      kinds: { value: 'NAMES', help: 'sections that it concerns, such as contact,arrival' },
      since: { value: 'TIME', help: 'since when: a time, or an age such as 2h' },
      learnt: { value: 'TIME', help: 'when it was learnt here (now)' },
      holders: { value: 'CODE', help: 'who may hold it (not-known)', choices: HOLDERS },
      measure: { value: 'TEXT', help: 'what was done already; no name', many: true },
      'tell-partner': {
        value: 'ANSWER',
        help: 'by default yes, but never an infiltrated partner',
        choices: ['yes', 'no'],
      },
      ...REQUEST_ID,
      ...CONNECTION_OPTIONS,
    },
    run: report,
  },
  {
    noun: 'breach',
    name: 'list',
    summary: 'lists breaches, newest first: ids and dates only',
    examples: ['srx breach list', 'srx breach list --since 7d --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    run: (call) => listMatters(call, 'breach', 'No breach is recorded here.'),
  },
  {
    noun: 'breach',
    name: 'show',
    summary: 'shows one breach: each step, by when, and who did it',
    examples: [`srx breach show ${EXAMPLE_MATTER}`, `srx breach show ${EXAMPLE_MATTER} --json`],
    operands: [matterOperand('breach')],
    options: CONNECTION_OPTIONS,
    run: (call) => showMatter(call, 'breach'),
  },
  {
    noun: 'breach',
    name: 'done',
    summary: 'writes down that a step was done; only a supervisor leaves one out',
    examples: [
      `srx breach done ${EXAMPLE_MATTER} check-phone`,
      `srx breach done ${EXAMPLE_MATTER} tell-authority --outcome not-needed`,
    ],
    operands: [matterOperand('breach'), STEP],
    options: {
      outcome: { value: 'CODE', help: 'what became of it (done)', choices: OUTCOMES },
      ...CONNECTION_OPTIONS,
    },
    async run(call) {
      const [matterId = '', name = ''] = call.operands;
      const step = BREACH_STEP_NAMES.find((one) => one === name);
      if (!step) {
        const close = nearest(name, BREACH_STEP_NAMES);
        throw new UsageError(
          `No step of this name.${close ? ` Did you mean ${close}?` : ''} See srx breach show.`,
        );
      }
      const outcome = (call.flags.text('outcome') ?? 'done') as Outcome;
      const { steps } = await withNode(call, (client) =>
        client.settleBreachStep({ matterId, step, outcome }),
      );
      const open = steps.filter((one) => one.outcome === '');
      call.out.answer(
        { matterId, steps },
        open.length === 0 ? ['Every step is done.'] : ['Still open:', ...stepLines(call, open)],
        open.map((one) => [one.step, isoTime(one.dueAt)]),
      );
    },
  },
];

async function report(call: Call): Promise<void> {
  const { flags, io, out } = call;
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const breach = encodeSection('breach', {
    kinds: kindsOf(flags.required('kinds')),
    since: at(readTime('since', flags.required('since'), io.clock)),
    learntAt: at(readTime('learnt', flags.text('learnt') ?? 'now', io.clock)),
    holders: flags.text('holders') ?? 'not-known',
    measures: [...flags.texts('measure')],
  });
  const requestId = flags.text('request-id') ?? uuid4();
  const request = {
    requestId,
    referralId: call.operands[0] ?? '',
    scenario: REPORTED_SCENARIOS.find((one) => one === flags.required('scenario')) ?? 'other',
    tellPartner: (flags.text('tell-partner') ?? 'default') as 'default' | 'yes' | 'no',
    breach,
  };
  const { reported, steps } = await withNode(call, async (client) => {
    const made = await retried(() => client.reportBreach(request), io.signal);
    return { reported: made, steps: (await client.getMatter({ matterId: made.matterId })).steps };
  });
  const { matterId, isPartnerTold, waits } = reported;
  const open = steps.filter(({ outcome }) => outcome === '');
  out.answer(
    { ...reported, steps },
    [
      `The breach is recorded: ${matterId}`,
      ...block(toldText(isPartnerTold, waits)),
      '',
      ...stepLines(call, open),
    ],
    [[matterId, isPartnerTold ? 'told' : waits || 'not-told']],
  );
  out.note(`Write down each step: srx breach done ${matterId} STEP`);
}

function toldText(isTold: boolean, waits: string): string {
  if (isTold) return 'The other organisation is told by a message.';
  if (waits === '') return 'The other organisation is not told.';
  return `The other organisation is not told yet (${waits}). The node tries again by itself.`;
}

function kindsOf(text: string): string[] {
  return text.split(',').map((name) => {
    const found = PERSONAL_SECTIONS.find((one) => one === name.trim());
    if (found) return found;
    throw new UsageError(
      `--kinds: write names such as ${PERSONAL_SECTIONS.slice(1, 4).join(',')}.`,
    );
  });
}
