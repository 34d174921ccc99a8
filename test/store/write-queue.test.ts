import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { Rollback } from '#store/engine.ts';
import { type Transactions, WriteQueue } from '#store/write-queue.ts';

/** Writes down what the queue does, and fails where it is told to. */
function journal(failing: Partial<Record<keyof Transactions, number>> = {}) {
  const lines: string[] = [];
  let isOpen = false;
  const calls = new Map<string, number>();
  const act = (name: keyof Transactions, then: () => void) => () => {
    lines.push(name);
    const count = (calls.get(name) ?? 0) + 1;
    calls.set(name, count);
    if (failing[name] === count) throw new Error(`${name} fails`);
    then();
  };
  const transactions: Transactions = {
    begin: act('begin', () => (isOpen = true)),
    commit: act('commit', () => (isOpen = false)),
    rollback: act('rollback', () => (isOpen = false)),
    savepoint: act('savepoint', () => {}),
    release: act('release', () => {}),
    rollbackToSavepoint: act('rollbackToSavepoint', () => {}),
    isOpen: () => isOpen,
    refusalOf: (error) => new Error('told', { cause: error }),
  };
  return {
    transactions,
    lines,
    /** As SQLite does by itself on a full disk. */
    lose: () => {
      isOpen = false;
    },
  };
}

const fails = (message: string) => () => {
  throw new Error(message);
};

async function ends(jobs: Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(jobs);
  return settled.map((s) => String(s.status === 'fulfilled' ? s.value : s.reason.message));
}

describe('the write queue', () => {
  it('puts what waits together into one transaction, a savepoint each', async () => {
    const { transactions, lines } = journal();
    const queue = new WriteQueue(transactions);
    const jobs = [1, 2].map((n) => queue.write(() => n));
    expect(lines).toEqual([]);
    expect(await ends(jobs)).toEqual(['1', '2']);
    const each = ['savepoint', 'release'];
    expect(lines).toEqual(['begin', ...each, ...each, 'commit']);
  });

  it('undoes a job that fails or rolls back, and commits its neighbours', async () => {
    const { transactions, lines } = journal();
    const queue = new WriteQueue(transactions);
    const jobs = [
      queue.write(() => 'first'),
      queue.write(fails('own fault')),
      queue.write(() => {
        throw new Rollback('an answer');
      }),
      queue.write(() => 'last'),
    ];
    expect(await ends(jobs)).toEqual(['first', 'told', 'an answer', 'last']);
    const [kept, undone] = [
      ['savepoint', 'release'],
      ['savepoint', 'rollbackToSavepoint', 'release'],
    ];
    expect(lines).toEqual(['begin', ...kept, ...undone, ...undone, ...kept, 'commit']);
  });

  it('tells nobody that they were stored when the commit fails', async () => {
    const { transactions, lines } = journal({ commit: 1 });
    const queue = new WriteQueue(transactions);
    expect(await ends([queue.write(() => 1), queue.write(fails('x'))])).toEqual(['told', 'told']);
    expect(lines.at(-1)).toBe('rollback');
    expect(await ends([queue.write(() => 2)])).toEqual(['2']);
  });

  it('tells nobody either when the transaction is lost halfway', async () => {
    const { transactions, lines, lose } = journal();
    const queue = new WriteQueue(transactions);
    const jobs = [
      queue.write(() => 'first'),
      queue.write(() => {
        lose();
        throw new Error('disk full');
      }),
      queue.write(() => 'never run'),
    ];
    expect(await ends(jobs)).toEqual(['told', 'told', 'told']);
    expect(lines).toEqual(['begin', 'savepoint', 'release', 'savepoint']);
    expect(await ends([queue.write(() => 'again')])).toEqual(['again']);
  });

  it('goes on after a transaction that could not begin', async () => {
    const { transactions } = journal({ begin: 1 });
    const queue = new WriteQueue(transactions);
    expect(await ends([queue.write(() => 1)])).toEqual(['told']);
    expect(await ends([queue.write(() => 2)])).toEqual(['2']);
  });

  it('takes a bounded number at once, and together', async () => {
    const { transactions, lines } = journal();
    const queue = new WriteQueue(transactions);
    const jobs = Array.from({ length: limits.writeQueueMax + 1 }, (_, i) => queue.write(() => i));
    const ended = await ends(jobs);
    expect(ended.slice(0, -1)).toEqual(
      Array.from({ length: limits.writeQueueMax }, (_, i) => `${i}`),
    );
    expect(ended.at(-1)).toMatch(/Too many writes wait/);
    const commits = lines.filter((line) => line === 'commit').length;
    expect(commits).toBe(limits.writeQueueMax / limits.writeBatchMax);
  });
});
