// A body that a state runs is named as one beside its name, wherever a person chooses.
import type { CaseworkClient } from '#wire/contracts/casework.ts';

import type { Call } from './verb.ts';

export async function noteIfStateRun(
  { out }: Call,
  client: CaseworkClient,
  recipient: string,
): Promise<void> {
  // The list is in the order of ids: from just before this one.
  const page = { limit: 0, cursor: recipient.slice(0, -1) };
  for (;;) {
    const { members, nextCursor } = await client.listMembers(page);
    const found = members.find(({ organisation }) => organisation === recipient);
    if (found?.isStateRun) out.note('A state runs this organisation. The person should know it.');
    if (found || nextCursor === '' || nextCursor > recipient) return;
    page.cursor = nextCursor;
  }
}
