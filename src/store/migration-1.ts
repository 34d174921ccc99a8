// The first schema, in the part of SQL that both engines share: ids as text,
// times as bigint, claims as 0 or 1, codes as text with a CHECK. The codes are
// written out, since a migration must not change when the model grows.
import { type ColumnDefinitionBuilder, type CompiledQuery, type RawBuilder, sql } from 'kysely';

import { columnTypes } from './column-types.ts';
import type { Db, EngineName } from './dialects.ts';

const AUTHORS = ['own', 'peer'];
const PLACEMENTS = ['placed', 'parked', 'fork'];
const SIDES = ['referring', 'receiving'];
const ROLES = ['caseworker', 'supervisor', 'administrator', 'service'];
const STATUSES =
  'none requested received accepted package-released in-progress arrival-planned travelling not-arrived arrived handing-over in-care completed declined cancelled expired failed withdrawn entered-in-error interrupted travelling-without-receiver'.split(
    ' ',
  );
const SECTIONS =
  'minimum identity contact consent danger risk return arrival needs plan health legal family child exploitation documents report note workers offer reason access breach'.split(
    ' ',
  );

type Column = ColumnDefinitionBuilder;
const needed = (column: Column) => column.notNull();
const key = (column: Column) => column.notNull().primaryKey();

function oneOf(column: string, codes: readonly string[]): RawBuilder<boolean> {
  return sql`${sql.ref(column)} in (${sql.join(codes.map((code) => sql.lit(code)))})`;
}

function isBit(column: string): RawBuilder<boolean> {
  return sql`${sql.ref(column)} in (0, 1)`;
}

export function firstSchema({ schema }: Db, engine: EngineName): CompiledQuery[] {
  const kit = { schema, ...columnTypes[engine] };
  return [
    ...referral(kit),
    ...message(kit),
    section(kit),
    ...delivery(kit),
    ...task(kit),
    ...outbox(kit),
    ...casework(kit),
  ].map((builder) => builder.compile());
}

type Kit = Pick<Db, 'schema'> & (typeof columnTypes)[EngineName];
type Compilable = { compile(): CompiledQuery };

function referral({ schema, text }: Kit): Compilable[] {
  return [
    schema
      .createTable('referral')
      .addColumn('referral_id', text, key)
      .addColumn('partner', text, needed)
      .addColumn('side', text, (c) => c.notNull().check(oneOf('side', SIDES)))
      .addColumn('case_code', text, needed)
      .addColumn('local_code', text)
      .addColumn('version', 'integer', needed)
      .addColumn('own_seq', 'integer')
      .addColumn('own_digest', text)
      .addColumn('peer_seq', 'integer')
      .addColumn('peer_digest', text)
      .addColumn('status', text, (c) => c.notNull().check(oneOf('status', STATUSES)))
      .addColumn('compared_boot', text)
      .addColumn('created_at_ms', 'bigint', needed)
      .addColumn('changed_at_ms', 'bigint', needed),
    schema.createIndex('referral_changed').on('referral').columns(['changed_at_ms', 'referral_id']),
    schema
      .createIndex('referral_of_case')
      .on('referral')
      .columns(['local_code', 'partner'])
      .where(sql.ref('local_code'), 'is not', null),
    schema.createIndex('referral_of_partner').on('referral').columns(['partner', 'referral_id']),
  ];
}

function message({ schema, text }: Kit): Compilable[] {
  return [
    schema
      .createTable('message')
      .addColumn('digest', text, key)
      .addColumn('referral_id', text, needed)
      .addColumn('author', text, (c) => c.notNull().check(oneOf('author', AUTHORS)))
      .addColumn('seq', 'integer', needed)
      .addColumn('fork', text, needed)
      .addColumn('message_id', text, needed)
      .addColumn('partner', text, needed)
      .addColumn('placement', text, (c) => c.notNull().check(oneOf('placement', PLACEMENTS)))
      .addColumn('overtakes', 'integer', (c) => c.notNull().check(isBit('overtakes')))
      .addColumn('stored_at_ms', 'bigint', needed)
      .addColumn('receipt_at_ms', 'bigint')
      .addColumn('by_staff', text)
      .addColumn('by_role', text)
      .addColumn('jws', text, needed)
      .addColumn('receipt', text),
    schema
      .createIndex('message_in_chain')
      .unique()
      .on('message')
      .columns(['referral_id', 'author', 'seq', 'fork']),
    schema.createIndex('message_by_id').on('message').column('message_id'),
    schema
      .createIndex('message_beside')
      .on('message')
      .column('referral_id')
      .where(sql.ref('placement'), '<>', sql.lit('placed')),
  ];
}

function section({ schema, text }: Kit): Compilable {
  return schema
    .createTable('section')
    .addColumn('referral_id', text, needed)
    .addColumn('author', text, (c) => c.notNull().check(oneOf('author', AUTHORS)))
    .addColumn('seq', 'integer', needed)
    .addColumn('section', text, (c) => c.notNull().check(oneOf('section', SECTIONS)))
    .addColumn('digest', text, needed)
    .addColumn('sealed', text)
    .addPrimaryKeyConstraint('section_key', ['referral_id', 'author', 'seq', 'section']);
}

function delivery({ schema, text }: Kit): Compilable[] {
  return [
    schema
      .createTable('delivery')
      .addColumn('referral_id', text, (c) => c.notNull().references('referral.referral_id'))
      .addColumn('seq', 'integer', needed)
      .addColumn('overtakes', 'integer', (c) => c.notNull().check(isBit('overtakes')))
      .addColumn('attempts', 'integer', needed)
      .addColumn('due_at_ms', 'bigint', needed)
      .addColumn('leased_until_ms', 'bigint', needed)
      .addColumn('ready_at_ms', 'bigint', needed)
      .addPrimaryKeyConstraint('delivery_key', ['referral_id', 'seq']),
    schema.createIndex('delivery_ready').on('delivery').column('ready_at_ms'),
    schema
      .createIndex('delivery_overtaking')
      .on('delivery')
      .column('ready_at_ms')
      .where(sql.ref('overtakes'), '=', sql.lit(1)),
  ];
}

function task({ schema, text }: Kit): Compilable[] {
  return [
    schema
      .createTable('task')
      .addColumn('task_id', text, key)
      .addColumn('referral_id', text, needed)
      .addColumn('kind', text, needed)
      .addColumn('created_at_ms', 'bigint', needed),
    schema.createIndex('task_created').on('task').columns(['created_at_ms', 'task_id']),
    schema.createIndex('task_of_a_kind').unique().on('task').columns(['referral_id', 'kind']),
  ];
}

function outbox({ schema, text, position, growing }: Kit): Compilable[] {
  return [
    schema
      .createTable('outbox')
      .addColumn('position', position, growing)
      .addColumn('event_id', text, (c) => c.notNull().unique())
      .addColumn('published', 'integer', (c) => c.notNull().check(isBit('published')))
      .addColumn('event', text, needed),
    schema
      .createIndex('outbox_unpublished')
      .on('outbox')
      .column('position')
      .where(sql.ref('published'), '=', sql.lit(0)),
    schema
      .createTable('handled_event')
      .addColumn('consumer', text, needed)
      .addColumn('event_id', text, needed)
      .addPrimaryKeyConstraint('handled_event_key', ['consumer', 'event_id']),
    schema
      .createTable('watermark')
      .addColumn('watermark_id', 'integer', (c) =>
        c.primaryKey().check(sql`${sql.ref('watermark_id')} = 1`),
      )
      .addColumn('stream_created', text, needed)
      .addColumn('stream_seq', 'bigint', needed)
      .addColumn('position', 'bigint', needed),
  ];
}

function casework({ schema, text }: Kit): Compilable[] {
  return [
    schema
      .createTable('local_case')
      .addColumn('local_code', text, key)
      .addColumn('imported_at_ms', 'bigint', needed)
      .addColumn('sealed', text, needed),
    schema
      .createIndex('local_case_imported')
      .on('local_case')
      .columns(['imported_at_ms', 'local_code']),
    schema
      .createTable('staff')
      .addColumn('staff_id', text, key)
      .addColumn('role', text, (c) => c.notNull().check(oneOf('role', ROLES)))
      .addColumn('token_digest', text, (c) => c.notNull().unique())
      .addColumn('created_at_ms', 'bigint', needed),
  ];
}
