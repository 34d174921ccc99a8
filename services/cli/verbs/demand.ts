// srx demand: a legal demand for what is held. Nothing is exported or erased until a
// lawyer advised and two people decided.
import { uuid4 } from '#crypto/digest.ts';
import { DemandDecision, DemandRecord } from '#model/matter/demand.ts';
import { WHOM } from '#model/matter/telling.ts';

import { confirm } from '../confirm.ts';
import { withNode } from '../connection.ts';
import {
  ABOUT,
  aboutOf,
  EXAMPLE_MATTER,
  listMatters,
  matterOperand,
  REQUEST_ID,
  recordTold,
  showMatter,
} from '../matter-view.ts';
import { readRecordFile } from '../record-file.ts';
import { retried } from '../retry.ts';
import { block } from '../text.ts';
import { readTime } from '../times.ts';
import { CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb, YES_OPTION } from '../verb.ts';

export const demandVerbs: readonly Verb[] = [
  {
    noun: 'demand',
    name: 'record',
    summary: 'writes down a legal demand as it came; nothing is exported or erased from then on',
    examples: [
      'srx demand record demand.yaml --case HH-2026-0001',
      'srx demand record demand.yaml --referral 0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10',
    ],
    operands: [{ name: 'FILE', help: 'the demand in YAML or JSON; - for standard input' }],
    options: { ...ABOUT, ...REQUEST_ID, ...CONNECTION_OPTIONS },
    async run(call) {
      const about = aboutOf(call);
      const record = await readRecordFile(call.io, call.operands[0] ?? '', DemandRecord);
      const requestId = call.flags.text('request-id') ?? uuid4();
      const { matterId } = await withNode(call, (client) =>
        retried(() => client.recordDemand({ requestId, ...about, record }), call.io.signal),
      );
      call.out.answer(
        { matterId, ...about },
        [
          `The demand is recorded: ${matterId}`,
          ...block('Nothing of it is exported or erased now. The help for the person goes on.'),
        ],
        [[matterId]],
      );
      call.out.note(
        `Ask a lawyer. Then two people decide: srx demand decide ${matterId} FILE --with TOKEN`,
      );
    },
  },
  {
    noun: 'demand',
    name: 'list',
    summary: 'lists legal demands, newest first: ids and dates only',
    examples: ['srx demand list', 'srx demand list --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    run: (call) => listMatters(call, 'demand', 'No legal demand is recorded here.'),
  },
  {
    noun: 'demand',
    name: 'show',
    summary: 'shows one demand: what came, what was decided, and who must still hear of it',
    examples: [`srx demand show ${EXAMPLE_MATTER}`, `srx demand show ${EXAMPLE_MATTER} --json`],
    operands: [matterOperand('demand')],
    options: CONNECTION_OPTIONS,
    run: (call) => showMatter(call, 'demand'),
  },
  {
    noun: 'demand',
    name: 'decide',
    summary: 'writes down what a lawyer and two people decided: the narrowest part, or a challenge',
    examples: [`srx demand decide ${EXAMPLE_MATTER} decision.yaml --with second.token --yes`],
    operands: [
      matterOperand('demand'),
      { name: 'FILE', help: 'the decision in YAML or JSON; - for standard input' },
    ],
    options: {
      with: { value: 'FILE', help: 'token of a second person, another one than yours' },
      ...YES_OPTION,
      ...CONNECTION_OPTIONS,
    },
    async run(call) {
      const [matterId = '', file = ''] = call.operands;
      const decision = await readRecordFile(call.io, file, DemandDecision);
      await confirm(call, 'decide', 'The decision stands for ever, with the names of both of you.');
      const { isEnded } = await withNode(
        call,
        (client) => client.decideDemand({ matterId, decision }),
        call.flags.text('with'),
      );
      const said = isEnded
        ? 'The decision stands, and the demand is ended.'
        : 'The decision stands. The demand stays open until the court has spoken.';
      call.out.answer({ matterId, isEnded }, block(said), [[matterId, isEnded ? 'ended' : 'open']]);
      call.out.note(
        'What is handed over is handed over outside: write it down by srx disclosure record.',
      );
    },
  },
  {
    noun: 'demand',
    name: 'told',
    summary: 'writes down that the person or the other organisation heard of a demand after all',
    examples: [`srx demand told ${EXAMPLE_MATTER} --whom person --at 2027-03-01T10:00:00Z`],
    operands: [matterOperand('demand')],
    options: {
      whom: { value: 'WHOM', help: 'who heard', choices: WHOM },
      at: { value: 'TIME', help: 'when (now)' },
      ...CONNECTION_OPTIONS,
    },
    run: (call) => {
      const whom = WHOM.find((one) => one === call.flags.required('whom')) ?? 'person';
      const at = readTime('at', call.flags.text('at') ?? 'now', call.io.clock);
      return withNode(call, (client) => recordTold(call, client, whom, at));
    },
  },
];
