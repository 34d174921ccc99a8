import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { limits } from '#model/limits.ts';
import { WriteQueue } from '#store/write-queue.ts';

/** A connection that keeps nothing but how many jobs each transaction had. */
function countedQueue() {
  const transactions: number[] = [];
  let jobs = 0;
  const queue = new WriteQueue({
    begin: () => void (jobs = 0),
    commit: () => void transactions.push(jobs),
    rollback: () => {},
    savepoint: () => void (jobs += 1),
    release: () => {},
    rollbackToSavepoint: () => {},
    isOpen: () => true,
    refusalOf: (error) => error,
  });
  const write = () => queue.write(() => null);
  return { queue, transactions, write };
}

/** Lets the loop turn, and so much time pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the queue of writes', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('lets a crowd share its transactions, also those who come a moment later', async () => {
    const { queue, transactions, write } = countedQueue();
    const together = [write(), write()];
    await pass(0);
    expect(transactions).toEqual([2]);
    together.push(write());
    await pass(limits.writeGatherMs / 4);
    together.push(write());
    await pass(0);
    expect(transactions).toEqual([2]);
    await pass(limits.writeGatherMs);
    expect(transactions).toEqual([2, 2]);
    await Promise.all(together);
    await queue[Symbol.asyncDispose]();
  });

  it('never makes a writer wait who is alone', async () => {
    const { queue, transactions, write } = countedQueue();
    for (let count = 1; count <= 5; count += 1) {
      const written = write();
      await pass(0);
      expect(transactions).toHaveLength(count);
      await written;
    }
    await queue[Symbol.asyncDispose]();
  });

  it('does not wait where there is enough for a whole transaction', async () => {
    const { queue, transactions, write } = countedQueue();
    const crowd = [write(), write()];
    await pass(0);
    crowd.push(...Array.from({ length: 2 * limits.writeBatchMax }, write));
    await pass(limits.writeGatherMs / 4);
    expect(transactions).toEqual([2, limits.writeBatchMax, limits.writeBatchMax]);
    await Promise.all(crowd);
    await queue[Symbol.asyncDispose]();
  });

  it('writes what waits when it is disposed, and takes no more', async () => {
    const { queue, transactions, write } = countedQueue();
    const crowd = [write(), write()];
    await pass(0);
    crowd.push(write());
    await queue[Symbol.asyncDispose]();
    await Promise.all(crowd);
    expect(transactions).toEqual([2, 1]);
    await expect(write()).rejects.toThrow('being closed');
  });
});
