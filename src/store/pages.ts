// Pages by place and not by number: a cursor names the last item that was seen,
// so what is added meanwhile neither shifts nor repeats the others.
import type { Page } from '#casework/ports.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

/** Where a page begins: after the item with this time and id. */
export type Place = { ms: number; id: string };

export type Bounds = Place & { rows: number };

/**
 * @param direction of the list: newest or oldest first.
 * @returns the place, and one row more than the page so that its end shows.
 * @throws Refusal SCHEMA_VIOLATION for a cursor that no page gave.
 */
export function boundsOf(
  limit: number,
  cursor: string,
  direction: 'newest-first' | 'oldest-first',
): Bounds {
  const rows = Math.max(1, Math.min(Math.trunc(limit) || 1, limits.pageItemsMax)) + 1;
  if (cursor !== '') return { ...decode(cursor), rows };
  return { ms: direction === 'newest-first' ? Number.MAX_SAFE_INTEGER : -1, id: '', rows };
}

/** @param rows as they came for `bounds.rows`. */
export function pageOf<Row, T>(
  rows: readonly Row[],
  bounds: Bounds,
  placeOf: (row: Row) => Place,
  toItem: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, bounds.rows - 1);
  const last = shown.at(-1);
  const hasMore = rows.length === bounds.rows && last !== undefined;
  return { items: shown.map(toItem), nextCursor: hasMore ? encode(placeOf(last)) : '' };
}

function encode({ ms, id }: Place): string {
  return Buffer.from(`${ms} ${id}`).toString('base64url');
}

function decode(cursor: string): Place {
  const match = /^(\d{1,15}) ([^\0]+)$/u.exec(
    cursor.length > limits.cursorCharsMax ? '' : Buffer.from(cursor, 'base64url').toString(),
  );
  const [, ms, id] = match ?? [];
  if (ms === undefined || id === undefined || encode({ ms: Number(ms), id }) !== cursor) {
    throw new Refusal(
      'SCHEMA_VIOLATION',
      'cursor: give the next cursor of the page before as it is, or none for the first page.',
    );
  }
  return { ms: Number(ms), id };
}
