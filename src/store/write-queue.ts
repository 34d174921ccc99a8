// The one writer of SQLite. Jobs that wait together share a transaction and so
// a sync of the disk; each has a savepoint, so that one may fail alone.
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

import { Rollback } from './engine.ts';

/** What the queue needs of the connection; all of it works without waiting. */
export interface Transactions {
  begin(): void;
  commit(): void;
  rollback(): void;
  savepoint(): void;
  release(): void;
  rollbackToSavepoint(): void;
  /** False once SQLite itself has rolled back, say on a full disk. */
  isOpen(): boolean;
  /** The error as the world may see it. */
  refusalOf(error: unknown): unknown;
}

type Waiting = {
  run: () => unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
};

export class WriteQueue implements AsyncDisposable {
  readonly #transactions: Transactions;
  #waiting: Waiting[] = [];
  #isScheduled = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Monotonic. */
  #gatherUntilMs = 0;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  /** Resolves after the commit. `run` must not wait for anything. */
  write<T>(run: () => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#waiting.length >= limits.writeQueueMax) return Promise.reject(full());
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.push({ run, resolve, reject });
      this.#schedule();
    }) as Promise<T>;
  }

  /** What waits is still written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    while (this.#waiting.length > 0) this.#flush();
  }

  // Not before all that arrives in this turn of the loop. And in a crowd, which shows by a
  // transaction that several shared, the next one waits for more to share it: a sync of the
  // disk costs as much as all the statements of ten jobs.
  #schedule(): void {
    if (this.#isScheduled) return;
    const isFull = this.#waiting.length >= limits.writeBatchMax;
    const restMs = isFull ? 0 : this.#gatherUntilMs - performance.now();
    if (restMs > 0) {
      this.#timer ??= setTimeout(() => this.#flushSoon(), restMs);
    } else {
      this.#flushSoon();
    }
  }

  #flushSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const isCrowd = this.#waiting.length > 1;
      this.#flush();
      this.#gatherUntilMs = isCrowd ? performance.now() + limits.writeGatherMs : 0;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const batch = this.#waiting.splice(0, limits.writeBatchMax);
    if (batch.length === 0) return;
    const answers: (() => void)[] = [];
    try {
      this.#transactions.begin();
      for (const job of batch) answers.push(this.#runAlone(job));
      this.#transactions.commit();
    } catch (error) {
      const refusal = this.#transactions.refusalOf(error);
      if (this.#transactions.isOpen()) this.#transactions.rollback();
      for (const job of batch) job.reject(refusal);
      return;
    }
    for (const answer of answers) answer();
  }

  /** @returns the answer to give after the commit. */
  #runAlone(job: Waiting): () => void {
    this.#transactions.savepoint();
    try {
      const value = job.run();
      this.#transactions.release();
      return () => job.resolve(value);
    } catch (error) {
      // Without a transaction the jobs before this one are undone as well.
      if (!this.#transactions.isOpen()) throw error;
      this.#transactions.rollbackToSavepoint();
      this.#transactions.release();
      if (error instanceof Rollback) return () => job.resolve(error.answer);
      return () => job.reject(this.#transactions.refusalOf(error));
    }
  }
}

export function full(): Refusal {
  return new Refusal('UNAVAILABLE', 'Too many writes wait for the database; try again later.');
}

export function closed(): Refusal {
  return new Refusal('UNAVAILABLE', 'The database is being closed; try again later.');
}
