// srx inbox: what waits for a person.
import { withNode } from '../connection.ts';
import { answerPage, pageOf, sinceOf } from '../pages.ts';
import { block, when } from '../text.ts';
import { CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';

export const inbox: Verb = {
  noun: '',
  name: 'inbox',
  summary: 'lists what waits for a person, oldest first, and what to do next',
  examples: ['srx inbox', 'srx inbox --limit 5 --json'],
  options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
  async run(call) {
    const since = sinceOf(call);
    const page = await withNode(call, (client) => client.listInbox(pageOf(call)));
    const items = page.items.filter((item) => item.since >= since);
    const lines = items.flatMap((item) => [
      `${when(item.since)}  ${call.out.strong(item.kind)}`,
      ...(item.referralId === '' ? [] : [`  referral ${item.referralId}`]),
      ...block(item.next, '  '),
    ]);
    answerPage(call, { ...page, items }, lines, 'Nothing is waiting.');
  },
};
