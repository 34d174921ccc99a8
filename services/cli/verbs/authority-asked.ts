// srx consent authority-asked: after a guardian alone said no, the authority was asked.
import { withNode } from '../connection.ts';
import { CONNECTION_OPTIONS, type Verb } from '../verb.ts';
import { EXAMPLE_ID, REFERRAL } from './referral-operand.ts';

export const authorityAsked: Verb = {
  noun: 'consent',
  name: 'authority-asked',
  summary: 'notes that the authority was asked, after a guardian alone said no',
  examples: [`srx consent authority-asked ${EXAMPLE_ID}`],
  operands: [REFERRAL],
  options: CONNECTION_OPTIONS,
  async run(call) {
    const referralId = call.operands[0] ?? '';
    await withNode(call, (client) => client.noteAuthorityAsked({ referralId }));
    call.out.answer({ referralId }, ['Noted. It is off the inbox.']);
    call.out.note(
      'Until the authority decides nothing more is shared. A new yes needs the child too.',
    );
  },
};
