// A document's digest says which copy a partner has: two partners with one digest could
// find out that they know the same person. Each gets a copy of its own.
import { openAtRest } from '#exchange/sections.ts';
import { parseSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkContext } from './context.ts';
import type { SectionInput } from './from-case.ts';

/** @throws Refusal SCHEMA_VIOLATION where a digest went to another partner of the case */
export async function mustBeItsOwnCopy(
  context: CaseworkContext,
  localCode: string,
  recipient: string,
  sections: readonly SectionInput[],
): Promise<void> {
  const digests = sections.flatMap(digestsIn);
  if (digests.length === 0) return;
  for (const { referralId, partner } of await context.store.referralsOfCase(localCode)) {
    if (partner === recipient) continue;
    for (const row of await context.store.listSections(referralId)) {
      if (row.author !== 'own' || row.section !== 'documents' || row.sealed === null) continue;
      const sent = openAtRest(context.exchange.context, row);
      const same = sent && digestsIn(sent).find((digest) => digests.includes(digest));
      if (!same) continue;
      throw new Refusal(
        'SCHEMA_VIOLATION',
        `documents.digest: another organisation has this copy (${same.slice(0, 8)}…). Make one for this organisation alone, and write its digest.`,
      );
    }
  }
}

function digestsIn({ section, content }: SectionInput): string[] {
  if (section !== 'documents') return [];
  return parseSection('documents', content).items.map(({ digest }) => digest);
}
