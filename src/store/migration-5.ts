// The access log: every opening, in one chain, and its signed head. How far the
// openings of a referral were reported to the partner.
import { type CompiledQuery, sql } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

export function accessSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const { text } = columnTypes[engine];
  return [
    schema
      .createTable('access_line')
      .addColumn('number', 'bigint', (c) => c.notNull().primaryKey())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('previous', text, (c) => c.notNull())
      // One of the two. The log outlives what it is about.
      .addColumn('referral_id', text)
      .addColumn('local_code', text, (c) =>
        c.check(sql`(${sql.ref('local_code')} is null) <> (${sql.ref('referral_id')} is null)`),
      )
      .addColumn('section', text)
      .addColumn('staff_id', text, (c) => c.notNull())
      .addColumn('role', text, (c) => c.notNull())
      .addColumn('why', text, (c) => c.notNull())
      .addColumn('opened_at_ms', 'bigint', (c) => c.notNull()),
    schema
      .createIndex('access_of_referral')
      .on('access_line')
      .columns(['referral_id', 'number'])
      .where(sql.ref('referral_id'), 'is not', null),
    schema
      .createIndex('access_of_case')
      .on('access_line')
      .columns(['local_code', 'number'])
      .where(sql.ref('local_code'), 'is not', null),
    schema
      .createTable('access_head')
      .addColumn('head_id', 'integer', (c) => c.primaryKey().check(sql`${sql.ref('head_id')} = 1`))
      .addColumn('jws', text, (c) => c.notNull()),
    schema
      .createTable('access_reported')
      .addColumn('referral_id', text, (c) => c.notNull().primaryKey())
      .addColumn('number', 'bigint', (c) => c.notNull()),
  ].map((builder) => builder.compile());
}
