import { expect, it } from 'vitest';

import { onEachEngine } from './on-engines.ts';
import { lineOf, NOW_MS, newReferral } from './samples.ts';

onEachEngine('the access log', (place) => {
  it('takes one line for each number, and the head of it alone', async () => {
    const first = lineOf(1, { localCode: 'TEST-1' });
    expect(await place.store.appendAccess(first, 'head-1', null)).toBe(true);
    const rival = lineOf(1, { localCode: 'TEST-2', digest: 'other' });
    expect(await place.store.appendAccess(rival, 'rival', null)).toBe(false);
    expect(await place.store.lastAccess()).toEqual({ line: first, head: 'head-1' });
  });

  it('gives two writers two numbers when they come at the same time', async () => {
    const other = await place.another();
    const lines = ['a', 'b'].map((digest) => lineOf(1, { localCode: 'TEST-1', digest }));
    const [a, b] = await Promise.all([
      place.store.appendAccess(lines[0] ?? lineOf(1), 'a', null),
      other.appendAccess(lines[1] ?? lineOf(1), 'b', null),
    ]);
    expect(a).not.toBe(b);
    const { line, head } = await place.store.lastAccess();
    expect(line?.digest).toBe(head);
  });

  it('is read page by page, whole, of a referral or of a case', async () => {
    const { referralId } = await newReferral(place.store);
    for (let number = 1; number <= 5; number += 1) {
      const about = number % 2 ? { referralId, section: 'health' as const } : { localCode: 'T-1' };
      await place.store.appendAccess(lineOf(number, about), 'head', null);
    }
    const numbers = (lines: { number: number }[]) => lines.map(({ number }) => number);
    expect(numbers(await place.store.accessAfter(1, 2))).toEqual([2, 3]);
    expect(numbers(await place.store.accessOfReferral(referralId, 1, 9))).toEqual([3, 5]);
    expect(numbers(await place.store.accessOfCase('T-1', 0, 1))).toEqual([2]);
  });

  it('sets the deadline of a report once, and remembers what was reported', async () => {
    const { referralId } = await newReferral(place.store);
    const report = (dueAtMs: number) => ({ referralId, kind: 'report-access', dueAtMs });
    const about = { referralId, section: 'health' as const };
    await place.store.appendAccess(lineOf(1, about), 'head', report(NOW_MS + 1));
    await place.store.appendAccess(lineOf(2, about), 'head', report(NOW_MS + 9));
    expect(await place.store.dueDeadlines(NOW_MS + 9, 9)).toEqual([report(NOW_MS + 1)]);
    expect(await place.store.reportedAccess(referralId)).toBe(0);
    await place.store.markAccessReported(referralId, 1);
    await place.store.markAccessReported(referralId, 2);
    expect(await place.store.reportedAccess(referralId)).toBe(2);
  });

  it('keeps a report due when something is opened while the one before is at work', async () => {
    const { referralId } = await newReferral(place.store);
    const report = (dueAtMs: number) => ({ referralId, kind: 'report-access', dueAtMs });
    const about = { referralId, section: 'health' as const };
    await place.store.appendAccess(lineOf(1, about), 'head', report(NOW_MS + 100));
    const early = lineOf(2, { ...about, openedAtMs: NOW_MS + 99 });
    await place.store.appendAccess(early, 'head', report(NOW_MS + 199));
    const [atWork] = await place.store.dueDeadlines(NOW_MS + 100, 9);
    expect(atWork).toEqual(report(NOW_MS + 100));
    const late = lineOf(3, { ...about, openedAtMs: NOW_MS + 101 });
    await place.store.appendAccess(late, 'head', report(NOW_MS + 201));
    await place.store.finishDeadline(report(NOW_MS + 100));
    expect(await place.store.dueDeadlines(NOW_MS + 101, 9)).toEqual([report(NOW_MS + 101)]);
  });
});
