// Types of columns that the two engines write differently.
import { type ColumnDataType, type ColumnDefinitionBuilder, type RawBuilder, sql } from 'kysely';

import type { EngineName } from './dialects.ts';

type Column = ColumnDefinitionBuilder;
type DataType = ColumnDataType | RawBuilder<unknown>;

export const columnTypes: Record<
  EngineName,
  { text: DataType; position: DataType; growing: (column: Column) => Column }
> = {
  sqlite: {
    text: 'text',
    position: 'integer',
    growing: (column) => column.primaryKey().autoIncrement(),
  },
  postgresql: {
    // In the order of bytes, as SQLite has it. By the rules of a language the
    // order, and so an index, would change with the libraries of the system.
    text: sql`text collate "C"`,
    position: 'bigint',
    growing: (column) => column.primaryKey().generatedAlwaysAsIdentity(),
  },
};
