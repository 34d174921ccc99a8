// Tells the referring side who opened what here: roles, sections and times, no
// names; and which line of our log holds the newest of them.
import { uuid4From } from '#crypto/digest.ts';
import { entryOf, openReferral, placedOf } from '#exchange/open-referral.ts';
import type { AccessLine } from '#model/access-line.ts';
import { isPersonal } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { encodeSection, type SectionValue } from '#model/plan/sections.ts';
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
    const report = { openings, head: last.digest };
    if (openings.length > 0 && !(await tell(context, referralId, report))) return;
    await store.markAccessReported(referralId, last.number);
  }
}

/** False behind a fork, or at the end of the numbers: nothing more can be told there. */
async function tell(
  { exchange }: CaseworkContext,
  referralId: string,
  report: SectionValue<'access'> & { head: string },
): Promise<boolean> {
  try {
    await exchange.send({
      messageId: reportIdOf(referralId, report.head),
      referralId,
      body: { step: 'accessReported', accessReported: {} },
      sections: [{ section: 'access', content: encodeSection('access', report) }],
      grants: [],
      by: NODE_ACTOR,
    });
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code !== 'ILLEGAL_STEP' && error.code !== 'TOO_LARGE') throw error;
    exchange.context.log.warn('access-not-told', { referralId, code: error.code });
    return false;
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

/**
 * Of the report whose newest line has this digest. The message stands in two chains, so that it
 * proves the line for as long as the evidence is kept, also when its section was erased.
 */
export function reportIdOf(referralId: string, digest: string): string {
  return uuid4From(`${referralId} access ${digest}`);
}

/** Ids of all reports that partners were sent; each names a line that must be there. */
export async function sentReports({ store, exchange }: CaseworkContext): Promise<Set<string>> {
  const { codec } = exchange.context;
  const reports = new Set<string>();
  let cursor = '';
  do {
    const page = await store.listReferrals(limits.pageItemsMax, cursor, 0);
    for (const { referralId } of page.items) {
      for (const message of placedOf((await store.load(referralId)).messages, 'own')) {
        const { envelope, content } = entryOf(message, codec);
        if (content?.body.step === 'accessReported') reports.add(envelope.messageId);
      }
    }
    cursor = page.nextCursor;
  } while (cursor !== '');
  return reports;
}
