// Erasure: what was erased of a referral and what a law keeps, and the generation of each
// section's key. A column each, so that no step needs one statement more.
import { type CompiledQuery, sql } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

export function erasureSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const { text } = columnTypes[engine];
  return [
    schema.alterTable('referral').addColumn('erasure', text),
    schema.alterTable('section').addColumn('generation', 'integer', (c) =>
      c
        .notNull()
        .defaultTo(1)
        .check(sql`${sql.ref('generation')} >= 1`),
    ),
    // When a local case was erased; `is_erased` once no place has its key any more.
    schema.alterTable('local_case').addColumn('erased_at_ms', 'bigint'),
    schema.alterTable('local_case').addColumn('is_erased', 'integer', (c) =>
      c
        .notNull()
        .defaultTo(0)
        .check(sql`${sql.ref('is_erased')} in (0, 1)`),
    ),
    schema
      .createIndex('local_case_erasing')
      .on('local_case')
      .column('local_code')
      .where(sql.ref('erased_at_ms'), 'is not', null)
      .where(sql.ref('is_erased'), '=', sql.lit(0)),
  ].map((builder) => builder.compile());
}
