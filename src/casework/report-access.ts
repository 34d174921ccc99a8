// Tells the referring side who opened what here: roles, sections and times, no
// names; and which line of our log holds the newest of them.
import { uuid4From } from '#crypto/digest.ts';
import { openReferral } from '#exchange/open-referral.ts';
import { openAtRest } from '#exchange/sections.ts';
import type { AccessLine } from '#model/access-line.ts';
import { isPersonal } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { encodeSection, parseSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';
import { NODE_ACTOR } from './node-actor.ts';

/** Work of 'report-access'. A crash after the sending tells the same again, by its numbers. */
export async function reportAccess(context: CaseworkContext, referralId: string): Promise<void> {
  const { store, exchange } = context;
  const stored = await store.load(referralId);
  if (!stored.row) return;
  if (openReferral(stored, exchange.context.codec).side !== 'receiving') return;
  for (;;) {
    const reported = await store.reportedAccess(referralId);
    const lines = await store.accessOfReferral(referralId, reported, limits.accessOpeningsMax);
    const last = lines.at(-1);
    if (!last) return;
    const openings = openingsOf(lines, await numberedBefore(context, referralId, reported));
    if (openings.length > 0) {
      await exchange.send({
        messageId: uuid4From(`${referralId} ${lines[0]?.digest} ${last.digest}`),
        referralId,
        body: { step: 'accessReported', accessReported: {} },
        sections: [
          { section: 'access', content: encodeSection('access', { openings, head: last.digest }) },
        ],
        grants: [],
        by: NODE_ACTOR,
      });
    }
    await store.markAccessReported(referralId, last.number);
  }
}

function openingsOf(lines: readonly AccessLine[], before: number) {
  return lines.flatMap(({ section, role, openedAtMs }, index) => {
    if (section === null || !isPersonal(section)) return [];
    const at = new Date(openedAtMs).toISOString();
    return [{ number: before + index + 1, role, section, at }];
  });
}

/** How many lines of the referral come before. */
async function numberedBefore(
  { store }: CaseworkContext,
  referralId: string,
  until: number,
): Promise<number> {
  let count = 0;
  for (let number = 0; number < until; ) {
    const lines = await store.accessOfReferral(referralId, number, limits.accessPageMax);
    count += lines.filter((line) => line.number <= until).length;
    number = lines.at(-1)?.number ?? until;
  }
  return count;
}

/** Digests of lines that partners were told of, as far as our own reports can be read. */
export async function toldHeads(context: CaseworkContext): Promise<Set<string>> {
  const heads = new Set<string>();
  let cursor = '';
  do {
    const page = await context.store.listReferrals(limits.pageItemsMax, cursor, 0);
    for (const { referralId } of page.items) {
      for (const row of await context.store.listSections(referralId)) {
        if (row.author !== 'own' || row.section !== 'access') continue;
        const head = headIn(context, row);
        if (head !== undefined) heads.add(head);
      }
    }
    cursor = page.nextCursor;
  } while (cursor !== '');
  return heads;
}

function headIn(
  context: CaseworkContext,
  row: Parameters<typeof openAtRest>[1],
): string | undefined {
  try {
    const opened = openAtRest(context.exchange.context, row);
    return opened ? parseSection('access', opened.content).head : undefined;
  } catch (error) {
    // Its time was over, and it was erased.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
