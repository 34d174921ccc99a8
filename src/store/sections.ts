// Sections at rest: ciphertext, or nothing once erased or dropped.
import type { CaseworkStore } from '#casework/ports.ts';
import type { ReferralStore, StoredSection } from '#exchange/ports.ts';

import type { Engine } from './engine.ts';
import { fromSection, toSection } from './rows.ts';
import { type Job, rowsStatement, statement } from './statement.ts';
import type { SectionTable } from './tables.ts';

type Sections = Pick<ReferralStore, 'loadSections'> & Pick<CaseworkStore, 'listSections'>;

export function sectionsOn(engine: Engine): Sections {
  return {
    loadSections: (referralId, author, seq) =>
      engine.read(function* () {
        const rows = yield* sectionsOfMessage({ referralId, author, seq });
        return rows.map(toSection);
      }),
    listSections: (referralId) =>
      engine.read(function* () {
        const rows = yield* sectionsOfReferral({ referralId });
        return rows.map(toSection);
      }),
  };
}

/** A section that is there is written over: so it is dropped and erased. */
export function* storeSections(sections: readonly StoredSection[]): Job<void> {
  if (sections.length > 0) yield* upsert(sections.map(fromSection));
}

const COLUMNS = [
  'referral_id',
  'author',
  'seq',
  'section',
  'digest',
  'generation',
  'sealed',
] as const satisfies readonly (keyof SectionTable)[];

const upsert = rowsStatement(COLUMNS, (db, rows: SectionTable[]) =>
  db
    .insertInto('section')
    .values(rows)
    .onConflict((on) =>
      on.columns(['referral_id', 'author', 'seq', 'section']).doUpdateSet((eb) => ({
        digest: eb.ref('excluded.digest'),
        generation: eb.ref('excluded.generation'),
        sealed: eb.ref('excluded.sealed'),
      })),
    ),
);

const sectionsOfMessage = statement(
  (db, p: { referralId: string; author: SectionTable['author']; seq: number }) =>
    db
      .selectFrom('section')
      .selectAll()
      .where('referral_id', '=', p.referralId)
      .where('author', '=', p.author)
      .where('seq', '=', p.seq)
      .orderBy('section'),
);

const sectionsOfReferral = statement((db, p: { referralId: string }) =>
  db
    .selectFrom('section')
    .selectAll()
    .where('referral_id', '=', p.referralId)
    .orderBy('author')
    .orderBy('seq')
    .orderBy('section'),
);
