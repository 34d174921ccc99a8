// One connection of node:sqlite with its prepared statements, least recently
// used first to go.
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import { limits } from '#model/limits.ts';

import type { Job } from './statement.ts';

export class SqliteConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, isReadOnly: boolean) {
    this.#database = new DatabaseSync(path, {
      readOnly: isReadOnly,
      timeout: limits.sqlBusyMs,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
    });
    // Else a savepoint copies each page that it changes into a file under
    // /var/tmp: half of all that was written, and outside the node's folder.
    this.#database.exec('PRAGMA temp_store = MEMORY');
  }

  /** Runs a whole job without waiting. */
  run<T>(job: Job<T>): T {
    let next = job.next([]);
    while (next.done !== true) {
      const { text, values } = next.value.sql('sqlite');
      next = job.next(this.all(text, values));
    }
    return next.value;
  }

  all(sql: string, values: readonly unknown[] = []): Record<string, unknown>[] {
    return this.#prepared(sql).all(...(values as SQLInputValue[]));
  }

  /** The first column of the first row: for pragmas. */
  value(sql: string): unknown {
    const row = this.#database.prepare(sql).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) {
      // To the end of the map: the least recently used stands first.
      this.#statements.delete(sql);
      this.#statements.set(sql, known);
      return known;
    }
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    if (this.#statements.size > limits.preparedStatementsMax) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    return made;
  }
}
