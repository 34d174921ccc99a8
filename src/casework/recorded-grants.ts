// Grants that come with a step of their own: where the case is ours, each says no more
// than the person's recorded answers do. At the other side there are no records.
import type { Grant } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import type { CaseworkContext } from './context.ts';
import { countingAnswers } from './show-consent.ts';

/** @throws Refusal NOT_CONSENTED, which names the sections */
export async function mustBeRecorded(
  context: CaseworkContext,
  referralId: string,
  grants: readonly Grant[],
): Promise<void> {
  if (grants.length === 0) return;
  const { row } = await context.store.load(referralId);
  if (!row || row.localCode === null) return;
  const yes = (await countingAnswers(context, row.localCode, row.partner)).filter(
    ({ answer }) => answer === 'yes',
  );
  const missing = grants.flatMap((grant) => {
    const direction = grant.recipient === row.partner ? 'to-recipient' : 'from-recipient';
    return grant.sections.filter(
      (section) =>
        !yes.some(
          (one) =>
            one.section === section &&
            one.direction === direction &&
            one.stage === grant.stage &&
            one.purpose === grant.purpose &&
            one.until >= grant.until,
        ),
    );
  });
  if (missing.length === 0) return;
  throw new Refusal(
    'NOT_CONSENTED',
    `grants: no such yes is recorded for ${[...new Set(missing)].join(', ')}. Record the answer first (srx consent ask).`,
  );
}
