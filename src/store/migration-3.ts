// Matters: what went wrong, was demanded by law, or was told outside. A row says
// what it is about; its sealed entries are only ever added to.
import { type CompiledQuery, sql } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

export function matterSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const { text } = columnTypes[engine];
  return [
    schema
      .createTable('matter')
      .addColumn('matter_id', text, (c) => c.notNull().primaryKey())
      .addColumn('kind', text, (c) =>
        c.notNull().check(sql`${sql.ref('kind')} in ('breach', 'demand', 'disclosure')`),
      )
      // One of the two. The rows of a referral go with it; a case has no row to go with.
      .addColumn('referral_id', text, (c) =>
        c.references('referral.referral_id').onDelete('cascade'),
      )
      .addColumn('local_code', text, (c) =>
        c.check(sql`(${sql.ref('local_code')} is null) <> (${sql.ref('referral_id')} is null)`),
      )
      .addColumn('is_open', 'integer', (c) =>
        c.notNull().check(sql`${sql.ref('is_open')} in (0, 1)`),
      )
      .addColumn('opened_at_ms', 'bigint', (c) => c.notNull()),
    schema.createIndex('matter_opened').on('matter').columns(['kind', 'opened_at_ms', 'matter_id']),
    schema
      .createIndex('matter_of_referral')
      .on('matter')
      .columns(['referral_id', 'kind', 'opened_at_ms']),
    schema
      .createIndex('matter_of_case')
      .on('matter')
      .columns(['local_code', 'kind', 'opened_at_ms']),
    schema
      .createTable('matter_entry')
      .addColumn('matter_id', text, (c) =>
        c.notNull().references('matter.matter_id').onDelete('cascade'),
      )
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('at_ms', 'bigint', (c) => c.notNull())
      .addColumn('by_staff', text, (c) => c.notNull())
      .addColumn('by_role', text, (c) => c.notNull())
      .addColumn('sealed', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('matter_entry_key', ['matter_id', 'number']),
  ].map((builder) => builder.compile());
}
