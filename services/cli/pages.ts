// What every list has: a limit, a cursor, a since, and a word on how to go on.
import { limits } from '#model/limits.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';

import { withNode } from './connection.ts';
import type { PlainRecord } from './output.ts';
import { readTime } from './times.ts';
import type { Call } from './verb.ts';

export type PageRequest = { limit: number; cursor: string };
export type ItemPage<T> = { items: T[]; nextCursor: string };

export type Listing = {
  lines: readonly string[];
  records: readonly PlainRecord[];
  /** Said when there is nothing to list. */
  nothing: string;
};

export function pageOf({ flags }: Call): PageRequest {
  const limit = flags.count('limit', limits.pageItemsMax) ?? limits.pageItemsDefault;
  return { limit, cursor: flags.text('cursor') ?? '' };
}

/** Whole seconds; 0 for all. */
export function sinceOf({ flags, io }: Call): number {
  const text = flags.text('since');
  return text === undefined ? 0 : readTime('since', text, io.clock);
}

/**
 * A page of what is not older than --since, where the node's own list knows no
 * such bound: pages are asked for until one has something, or there is none left.
 */
export function pageSince<T>(
  call: Call,
  order: 'newest-first' | 'oldest-first',
  ask: (client: CaseworkClient, request: PageRequest) => Promise<ItemPage<T>>,
  timeOf: (item: T) => number,
): Promise<ItemPage<T>> {
  // Judged before the node is sought.
  const since = sinceOf(call);
  let request = pageOf(call);
  return withNode(call, async (client) => {
    for (;;) {
      const { items, nextCursor } = await ask(client, request);
      const fresh = items.filter((item) => timeOf(item) >= since);
      const isPastAll = order === 'newest-first' && fresh.length < items.length;
      if (isPastAll || nextCursor === '') return { items: fresh, nextCursor: '' };
      if (fresh.length > 0) return { items: fresh, nextCursor };
      request = { ...request, cursor: nextCursor };
    }
  });
}

/** A page of a list that is all here; ordered by id, which is the cursor. */
export function pageOfAll<T>(
  call: Call,
  all: readonly T[],
  { idOf, timeOf }: { idOf(item: T): string; timeOf(item: T): number },
): ItemPage<T> {
  const since = sinceOf(call);
  const { limit, cursor } = pageOf(call);
  const rest = all
    .filter((item) => timeOf(item) >= since && idOf(item) > cursor)
    .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rest.length > limit && last ? idOf(last) : '' };
}

/** The answer of a list: its items, or why there are none; more goes beside it. */
export function answerPage(
  { out, flags }: Call,
  document: { nextCursor: string } & Record<string, unknown>,
  { lines, records, nothing }: Listing,
): void {
  const isEmpty = records.length === 0;
  const because = flags.isSet('since') ? `${nothing.replace(/\.$/, '')} since then.` : nothing;
  out.answer(document, isEmpty ? [because] : lines, records);
  if (document.nextCursor !== '') out.note(`There are more: --cursor ${document.nextCursor}`);
}
