// Deadlines: what the clock will ask of this node, one of a kind for a referral.
import type { CompiledQuery } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

export function deadlineSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const { text } = columnTypes[engine];
  return [
    schema
      .createTable('deadline')
      .addColumn('referral_id', text, (c) => c.notNull().references('referral.referral_id'))
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('due_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('deadline_key', ['referral_id', 'kind']),
    schema.createIndex('deadline_due').on('deadline').columns(['due_at_ms', 'referral_id', 'kind']),
  ].map((builder) => builder.compile());
}
