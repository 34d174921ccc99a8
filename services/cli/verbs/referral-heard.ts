// srx referral heard: after a no on the way, the person was called and is well.
import { withNode } from '../connection.ts';
import { CONNECTION_OPTIONS, type Verb } from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

export const referralHeard: Verb = {
  noun: 'referral',
  name: 'heard',
  summary: 'notes that the person was called after a no on the way, and is well',
  examples: [`srx referral heard ${EXAMPLE_ID}`, `srx referral heard ${EXAMPLE_ID} --arrived`],
  operands: [REFERRAL],
  options: { arrived: { help: 'they say that they arrived, too' }, ...CONNECTION_OPTIONS },
  async run(call) {
    const referralId = call.operands[0] ?? '';
    const arrived = call.flags.isSet('arrived');
    await withNode(call, (client) => client.noteHeard({ referralId, arrived }));
    call.out.answer({ referralId, arrived }, ['Noted. The call is off the inbox.']);
    if (!arrived) call.out.note('The arrival is still watched: add --arrived once they say so.');
  },
};
