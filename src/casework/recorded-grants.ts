// Grants and sections of a step: where the case is ours, they go no further than the
// answers recorded here, which may be newer than what the partner was told. At the other
// side there are no records.
import { openReferral } from '#exchange/open-referral.ts';
import { isPersonal } from '#model/codes.ts';
import { saidYes } from '#model/consent-record.ts';
import type { Grant } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';

import type { CaseworkContext } from './context.ts';
import type { SectionInput } from './from-case.ts';
import { countingAnswers } from './show-consent.ts';

type Said = { referralId: string; sections: readonly SectionInput[]; grants: readonly Grant[] };

/**
 * A message that is stored already is not asked again.
 * @throws Refusal NOT_CONSENTED, which names the sections
 */
export async function mustBeRecorded(
  context: CaseworkContext,
  requestId: string,
  { referralId, sections, grants }: Said,
): Promise<void> {
  const personal = sections.map(({ section }) => section).filter(isPersonal);
  if (grants.length + personal.length === 0) return;
  const stored = await context.store.load(referralId);
  const { row } = stored;
  if (!row || row.localCode === null) return;
  if (await context.store.findMessageById(requestId)) return;
  const yes = saidYes(await countingAnswers(context, row.localCode, row.partner));
  const beyond = grants.flatMap((grant) => {
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
  const { state } = openReferral(stored, context.exchange.context.codec);
  const given = [...state.grants.map(({ grant }) => grant), ...grants];
  // A yes that ended is the gate's to judge: whoever is on the way is met past it.
  const taken = personal.filter(
    (section) =>
      !yes.some(
        (one) =>
          one.section === section &&
          one.direction === 'to-recipient' &&
          given.some(({ stage, sections: of }) => stage === one.stage && of.includes(section)),
      ),
  );
  const missing = new Set([...beyond, ...taken]);
  if (missing.size === 0) return;
  throw new Refusal(
    'NOT_CONSENTED',
    `grants: no such yes is recorded for ${[...missing].join(', ')}. Record the answer first (srx consent ask).`,
  );
}
