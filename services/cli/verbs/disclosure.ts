// srx disclosure: what was told outside, to an authority or to save a life. It is
// made elsewhere, under its own law; here it is only written down.
import { uuid4 } from '#crypto/digest.ts';
import { DisclosureRecord } from '#model/matter/disclosure.ts';

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
import { readTime } from '../times.ts';
import { CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';

export const disclosureVerbs: readonly Verb[] = [
  {
    noun: 'disclosure',
    name: 'record',
    summary: 'writes down what was told outside, to whom, under which law; it sends nothing',
    examples: [
      'srx disclosure record disclosure.yaml --case HH-2026-0001',
      'srx disclosure record disclosure.yaml --referral 0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10',
    ],
    operands: [{ name: 'FILE', help: 'the disclosure in YAML or JSON; - for standard input' }],
    options: { ...ABOUT, ...REQUEST_ID, ...CONNECTION_OPTIONS },
    async run(call) {
      const about = aboutOf(call);
      const record = await readRecordFile(call.io, call.operands[0] ?? '', DisclosureRecord);
      const requestId = call.flags.text('request-id') ?? uuid4();
      const recorded = await withNode(call, (client) =>
        retried(() => client.recordDisclosure({ requestId, ...about, record }), call.io.signal),
      );
      const { matterId, isBeyondDecision } = recorded;
      call.out.answer(recorded, [`The disclosure is recorded: ${matterId}`], [[matterId]]);
      if (isBeyondDecision) {
        call.out.note(
          'More was told than was decided on the demand. Report it as a breach: srx breach report.',
        );
      }
    },
  },
  {
    noun: 'disclosure',
    name: 'list',
    summary: 'lists disclosures, newest first; open ones wait until the person has heard',
    examples: ['srx disclosure list', 'srx disclosure list --since 30d --json'],
    options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
    run: (call) => listMatters(call, 'disclosure', 'No disclosure is recorded here.'),
  },
  {
    noun: 'disclosure',
    name: 'show',
    summary: 'shows one disclosure, and if the person has heard of it',
    examples: [
      `srx disclosure show ${EXAMPLE_MATTER}`,
      `srx disclosure show ${EXAMPLE_MATTER} --json`,
    ],
    operands: [matterOperand('disclosure')],
    options: CONNECTION_OPTIONS,
    run: (call) => showMatter(call, 'disclosure'),
  },
  {
    noun: 'disclosure',
    name: 'told',
    summary: 'writes down that the person heard of a disclosure after all',
    examples: [`srx disclosure told ${EXAMPLE_MATTER} --at 2027-03-01T10:00:00Z`],
    operands: [matterOperand('disclosure')],
    options: { at: { value: 'TIME', help: 'when (now)' }, ...CONNECTION_OPTIONS },
    run: (call) => {
      const at = readTime('at', call.flags.text('at') ?? 'now', call.io.clock);
      return withNode(call, (client) => recordTold(call, client, 'person', at));
    },
  },
];
