// Consent records: what a person answered about one recipient of a case. Rows are
// only added; what they say is sealed under the key of the case.
import type { CompiledQuery } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

export function consentRecordSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const { text } = columnTypes[engine];
  return [
    schema
      .createTable('consent_record')
      .addColumn('local_code', text, (c) => c.notNull())
      .addColumn('recipient', text, (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('record_id', text, (c) => c.notNull().unique())
      .addColumn('at_ms', 'bigint', (c) => c.notNull())
      .addColumn('sealed', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('consent_record_key', ['local_code', 'recipient', 'number']),
  ].map((builder) => builder.compile());
}
