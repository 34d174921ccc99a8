// srx inbox: what waits for a person.
import { answerPage, pageSince } from '../pages.ts';
import { block, isoTime, when } from '../text.ts';
import { CONNECTION_OPTIONS, PAGE_OPTIONS, SINCE_OPTION, type Verb } from '../verb.ts';

export const inbox: Verb = {
  noun: '',
  name: 'inbox',
  summary: 'lists what waits for a person, oldest first, and what to do next',
  examples: ['srx inbox', 'srx inbox --limit 5 --json'],
  options: { ...CONNECTION_OPTIONS, ...PAGE_OPTIONS, ...SINCE_OPTION },
  async run(call) {
    const { items, nextCursor } = await pageSince(
      call,
      'oldest-first',
      (client, request) => client.listInbox(request),
      ({ since }) => since,
    );
    const lines = items.flatMap((item) => [
      `${when(item.since)}  ${call.out.strong(item.kind)}`,
      ...(item.referralId === '' ? [] : [`  referral ${item.referralId}`]),
      ...block(item.next, '  '),
    ]);
    answerPage(
      call,
      { items, nextCursor },
      {
        lines: ['Since (UTC)       What waits', ...lines],
        records: items.map((item) => [isoTime(item.since), item.kind, item.referralId, item.next]),
        nothing: 'Nothing is waiting.',
      },
    );
  },
};
