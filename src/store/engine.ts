// What the queries need of a database. Each engine is one of these; a write is
// answered after its commit, and a job that throws leaves nothing behind.
import type { EngineName } from './dialects.ts';
import type { Job } from './statement.ts';

export interface Engine extends AsyncDisposable {
  readonly name: EngineName;
  /** Statements see what was committed; several of them need not see one moment. */
  read<T>(job: () => Job<T>): Promise<T>;
  /** One transaction. The job may be run again from its start. */
  write<T>(job: () => Job<T>): Promise<T>;
  checks(): Promise<StoreCheck[]>;
}

/** One line for the doctor. */
export type StoreCheck = { name: string; isOk: boolean; found: string; remedy: string };

/** Thrown in a job: nothing is written, and the write resolves to `answer`. */
export class Rollback extends Error {
  readonly answer: unknown;

  constructor(answer: unknown) {
    super('rolled back by its own job');
    this.answer = answer;
  }
}
