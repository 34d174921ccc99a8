import { expect, it } from 'vitest';

import { onEachEngine } from './on-engines.ts';
import { after, changeOf, NOW_MS, newReferral } from './samples.ts';

onEachEngine('deadlines', (place) => {
  it('are set, moved and taken away with the step that they follow from', async () => {
    const row = await newReferral(place.store);
    const { referralId } = row;
    const set = (expectVersion: number, from: typeof row, given: object) =>
      place.store.commit(referralId, changeOf({ expectVersion, row: after(from), ...given }));
    const [soon, later] = [
      { kind: 'soon', dueAtMs: NOW_MS },
      { kind: 'later', dueAtMs: NOW_MS + 5 },
    ];
    await set(1, row, { deadlines: [soon, later] });
    expect(await place.store.dueDeadlines(NOW_MS, 9)).toEqual([{ referralId, ...soon }]);
    const second = after(row);
    await set(2, second, {
      deadlines: [{ kind: 'soon', dueAtMs: NOW_MS + 9 }],
      goneDeadlines: ['later'],
    });
    expect(await place.store.dueDeadlines(NOW_MS + 8, 9)).toEqual([]);
    expect(await place.store.dueDeadlines(NOW_MS + 9, 9)).toHaveLength(1);
  });

  it('come the oldest first and no more than asked for', async () => {
    const { referralId } = await newReferral(place.store);
    for (const [kind, dueAtMs] of [
      ['c', 3],
      ['a', 1],
      ['b', 2],
    ] as const) {
      await place.store.setDeadline(referralId, { kind, dueAtMs });
    }
    const kinds = (await place.store.dueDeadlines(NOW_MS, 2)).map(({ kind }) => kind);
    expect(kinds).toEqual(['a', 'b']);
  });

  it('are not finished by the end of work for an earlier time', async () => {
    const { referralId } = await newReferral(place.store);
    await place.store.setDeadline(referralId, { kind: 'a', dueAtMs: 1 });
    const [due] = await place.store.dueDeadlines(NOW_MS, 9);
    await place.store.setDeadline(referralId, { kind: 'a', dueAtMs: 2 });
    if (due) await place.store.finishDeadline(due);
    const [still] = await place.store.dueDeadlines(NOW_MS, 9);
    expect(still?.dueAtMs).toBe(2);
    if (still) await place.store.postponeDeadline(still, NOW_MS + 1);
    expect(await place.store.dueDeadlines(NOW_MS, 9)).toEqual([]);
    if (still) await place.store.finishDeadline({ ...still, dueAtMs: NOW_MS + 1 });
    expect(await place.store.dueDeadlines(NOW_MS + 1, 9)).toEqual([]);
  });
});
