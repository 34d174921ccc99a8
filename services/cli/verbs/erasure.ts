// srx erasure: what goes and when, what is gone, and what a law keeps.
import { SECTIONS } from '#model/codes.ts';

import { withNode } from '../connection.ts';
import { columns, isoTime, when } from '../text.ts';
import { readDate } from '../times.ts';
import { UsageError } from '../usage-error.ts';
import { CONNECTION_OPTIONS, type Verb } from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

const CAUSES: Readonly<Record<string, string>> = {
  withdrawn: 'taken back',
  arrived: 'the person arrived',
  ended: 'the referral ended',
};

export const erasureVerbs: readonly Verb[] = [
  {
    noun: 'erasure',
    name: 'list',
    summary: 'says what of a referral is here and until when, what was erased, what a law keeps',
    examples: [`srx erasure list ${EXAMPLE_ID}`, `srx erasure list ${EXAMPLE_ID} --json`],
    operands: [REFERRAL],
    options: CONNECTION_OPTIONS,
    async run(call) {
      const referralId = call.operands[0] ?? '';
      const answer = await withNode(call, (client) => client.listErasures({ referralId }));
      const { sections, answers, isHeldByDemand } = answer;
      const lines = sections.map(({ section, state, cause, at, law }) => {
        const why = CAUSES[cause] ?? '';
        const time = at === 0 ? 'no date yet' : when(at);
        const reason = law || why;
        return [section, `${state}, ${time}${reason && `, ${reason}`}`] as const;
      });
      call.out.answer(
        answer,
        [
          ...(isHeldByDemand ? ['A legal demand is open: nothing is erased.'] : []),
          ...(lines.length === 0 ? ['Nothing of it is here.'] : columns(lines)),
          ...answers.map(({ organisation, at }) => {
            const said = at === 0 ? 'has not answered yet' : `answered ${when(at)}`;
            return `  A withdrawal: ${organisation} ${said}.`;
          }),
        ],
        sections.map(({ section, state, cause, at, law }) => {
          return [section, state, cause, isoTime(at), law];
        }),
      );
    },
  },
  {
    noun: 'erasure',
    name: 'keep',
    summary: 'keeps a section that a law asks for, closed to everybody, until a day; by two people',
    examples: [
      `srx erasure keep ${EXAMPLE_ID} health --law "Invented Health Act, 10" --until 2030-01-01 --with second.token`,
    ],
    operands: [REFERRAL, { name: 'SECTION', help: 'name of the section' }],
    options: {
      law: { value: 'TEXT', help: 'name and article of the law' },
      until: { value: 'TIME', help: 'it is erased then' },
      with: { value: 'FILE', help: 'token of a second person, another one than yours' },
      ...CONNECTION_OPTIONS,
    },
    async run(call) {
      const [referralId = '', name = ''] = call.operands;
      const section = SECTIONS.find((one) => one === name);
      if (!section) throw new UsageError(`SECTION must be one of ${SECTIONS.join(', ')}.`);
      const until = readDate('until', call.flags.required('until'));
      const law = call.flags.required('law');
      await withNode(
        call,
        (client) => client.keepSection({ referralId, section, law, until }),
        call.flags.text('with'),
      );
      call.out.answer(
        { referralId, section, law, until },
        [`Section ${section} is kept until ${when(until)}, and is closed to everybody.`],
        [[referralId, section, isoTime(until)]],
      );
    },
  },
];
