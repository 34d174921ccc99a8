// What every list has: a limit, a cursor, and a word on how to go on.
import { limits } from '#model/limits.ts';

import { readTime } from './times.ts';
import type { Call } from './verb.ts';

export function pageOf({ flags }: Call): { limit: number; cursor: string } {
  const limit = flags.count('limit', limits.pageItemsMax) ?? limits.pageItemsDefault;
  return { limit, cursor: flags.text('cursor') ?? '' };
}

/** Whole seconds; 0 for all. */
export function sinceOf({ flags, io }: Call): number {
  const text = flags.text('since');
  return text === undefined ? 0 : readTime('since', text, io.clock);
}

/** The answer of a list: its items, or why there are none; more goes beside it. */
export function answerPage(
  { out }: Call,
  document: { nextCursor: string } & Record<string, unknown>,
  lines: readonly string[],
  nothing: string,
): void {
  out.answer(document, lines.length === 0 ? [nothing] : lines);
  if (document.nextCursor !== '') out.note(`More: --cursor ${document.nextCursor}`);
}
