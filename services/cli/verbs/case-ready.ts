// srx case ready: what is still missing before a request or a release, in words,
// without doing either.

import { withNode } from '../connection.ts';
import { Ended, EXIT } from '../exit-codes.ts';
import { partnerOf } from '../partner.ts';
import { block } from '../text.ts';
import { readTime } from '../times.ts';
import { CONNECTION_OPTIONS, type Verb } from '../verb.ts';

const MARKS = { done: '[done]   ', open: '[open]   ', missing: '[missing]' } as const;
const MARGIN = ' '.repeat(12);

export const caseReady: Verb = {
  noun: 'case',
  name: 'ready',
  summary: 'what is still missing before a request or a release; it does neither',
  examples: [
    'srx case ready HH-2026-0001 --for request --to https://homeward-hands.example',
    'srx case ready HH-2026-0001 --for release --to https://homeward-hands.example --json',
  ],
  operands: [{ name: 'CODE', help: 'local code of the case' }],
  options: {
    for: { value: 'STEP', help: 'which step', choices: ['request', 'release'] },
    to: { value: 'PARTNER', help: 'entity id of the receiving organisation' },
    'reconfirmed-at': { value: 'TIME', help: 'when the person said yes again, for a release' },
    with: { value: 'FILE', help: 'token of a second person, another one than yours' },
    ...CONNECTION_OPTIONS,
  },
  async run(call) {
    const { flags, io, operands, out } = call;
    const said = flags.text('reconfirmed-at');
    const asked = {
      localCode: operands[0] ?? '',
      recipient: partnerOf(call),
      step: flags.required('for') === 'release' ? ('release' as const) : ('request' as const),
      reconfirmedAt: said === undefined ? 0 : readTime('reconfirmed-at', said, io.clock),
    };
    const answer = await withNode(call, (client) => client.checkReady(asked), flags.text('with'));
    out.answer(
      answer,
      answer.items.flatMap(({ state, words, notBefore }) => {
        const day = notBefore === '' ? '' : ` Not before ${notBefore}.`;
        return block(`${words}${day}`, `${MARKS[state]}   `, MARGIN);
      }),
      answer.items.map(({ code, state, notBefore }) => [code, state, notBefore]),
    );
    if (answer.short) {
      out.note('A removal or detention: only what the meeting needs may go.');
      out.note('What is missing stands in the package as missing.');
    }
    if (answer.ready) {
      out.note(
        `Ready for the ${asked.step}. What the person agreed to is checked when it is sent.`,
      );
      return;
    }
    out.note(`Not ready for the ${asked.step}.`);
    throw new Ended(EXIT.refused);
  },
};
