// Pages of the access log: the whole of it, one referral, or one case with all that
// was made from it.
import type { AccessLine } from '#model/access-line.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';
import { mustBeHere } from './matters.ts';
import type { Page } from './ports.ts';

export type ListAccess = {
  /** One of the two, or neither for the whole log. */
  localCode: string;
  referralId: string;
  limit: number;
  /** Number of the last line that was seen; empty for the first page. */
  cursor: string;
};

/** @throws Refusal SCHEMA_VIOLATION, NOT_FOUND: nobody opened what is not here */
export async function listAccess(
  context: CaseworkContext,
  { localCode, referralId, limit, cursor }: ListAccess,
): Promise<Page<AccessLine>> {
  if (!/^\d{0,15}$/.test(cursor)) {
    throw new Refusal(
      'SCHEMA_VIOLATION',
      'cursor: give the next cursor of the page before as it is, or none for the first page.',
    );
  }
  const after = Number(cursor);
  const { store } = context;
  const max = limit + 1;
  const found: AccessLine[] = [];
  if (referralId !== '') found.push(...(await store.accessOfReferral(referralId, after, max)));
  else if (localCode === '') found.push(...(await store.accessAfter(after, max)));
  else {
    found.push(...(await store.accessOfCase(localCode, after, max)));
    for (const row of await store.referralsOfCase(localCode)) {
      found.push(...(await store.accessOfReferral(row.referralId, after, max)));
    }
  }
  // A wrong code must not read as nobody having opened anything.
  const isAboutOne = localCode !== '' || referralId !== '';
  if (found.length === 0 && isAboutOne) await mustBeHere(context, { referralId, localCode });
  const items = found.toSorted((a, b) => a.number - b.number).slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last ? String(last.number) : '' };
}

/** The newest openings of a case here, newest first, as many as one list may hold. */
export async function newestOfCase(
  context: CaseworkContext,
  localCode: string,
): Promise<AccessLine[]> {
  let newest: AccessLine[] = [];
  let cursor = '';
  do {
    const asked = { localCode, referralId: '', limit: limits.accessPageMax, cursor };
    const page = await listAccess(context, asked);
    newest = [...newest, ...page.items].slice(-limits.accessOpeningsMax);
    cursor = page.nextCursor;
  } while (cursor !== '');
  return newest.toReversed();
}
