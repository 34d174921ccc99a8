import { expect, it } from 'vitest';

import type { MatterAbout, MatterRow } from '#casework/ports.ts';
import { uuid4 } from '#crypto/digest.ts';
import type { Store } from '#store/open.ts';
import { onEachEngine } from './on-engines.ts';
import { eventOf, matterChange, NOW_MS, newReferral, rowOf, taskOf } from './samples.ts';

async function opened(
  store: Store,
  about: MatterAbout,
  given: Partial<Pick<MatterRow, 'kind' | 'openedAtMs'>> = {},
): Promise<string> {
  const matterId = uuid4();
  const row = { kind: 'demand', openedAtMs: NOW_MS, ...given } as const;
  expect(await store.openMatter({ ...about, ...row, matterId, isOpen: true }, matterChange())).toBe(
    true,
  );
  return matterId;
}

const aboutReferral = (referralId: string): MatterAbout => ({ referralId, localCode: null });
const aboutCase = (localCode: string): MatterAbout => ({ referralId: null, localCode });

onEachEngine('matters', (place) => {
  it('are opened once, and an entry has one number for ever', async () => {
    const { referralId } = await newReferral(place.store);
    const matterId = await opened(place.store, aboutReferral(referralId));
    const twin = { matterId, kind: 'demand', isOpen: false, openedAtMs: 1 } as const;
    const again = { ...aboutReferral(referralId), ...twin };
    expect(await place.store.openMatter(again, matterChange({ isOpen: false }))).toBe(false);
    const second = matterChange({ number: 2 });
    const many = [1, 2, 3].map(() => place.store.addToMatter(matterId, second));
    expect((await Promise.all(many)).filter(Boolean)).toHaveLength(1);
    const found = await place.store.findMatter(matterId);
    expect(found?.row).toMatchObject({ referralId, localCode: null, isOpen: true });
    expect(found?.entries.map(({ sealed }) => sealed)).toEqual(['sealed-1', 'sealed-2']);
  });

  it('bring tasks and deadlines in their own commit, and take tasks away', async () => {
    const { referralId } = await newReferral(place.store);
    const task = { ...taskOf(referralId), kind: 'breach-check' };
    const matterId = uuid4();
    const row = { matterId, kind: 'breach', isOpen: true, openedAtMs: NOW_MS } as const;
    const deadline = { referralId, kind: 'breach-steps', dueAtMs: NOW_MS };
    await place.store.openMatter(
      { ...aboutReferral(referralId), ...row },
      matterChange({ tasks: [task], deadlines: [deadline] }),
    );
    expect(await place.store.dueDeadlines(NOW_MS, 9)).toEqual([deadline]);
    const kinds = async () => (await place.store.listTasks(9, '')).items.map((one) => one.kind);
    expect(await kinds()).toContain('breach-check');
    const done = matterChange({
      number: 1,
      doneTasks: [{ referralId, kinds: ['breach-check'] }],
    });
    // A number that is taken changes nothing beside it.
    expect(await place.store.addToMatter(matterId, done)).toBe(false);
    expect(await kinds()).toContain('breach-check');
    const next = { ...done, entry: { ...done.entry, number: 2 }, isOpen: false };
    expect(await place.store.addToMatter(matterId, next)).toBe(true);
    expect(await kinds()).not.toContain('breach-check');
    expect((await place.store.findMatter(matterId))?.row.isOpen).toBe(false);
  });

  it('of a demand hold the referral, its case, and every other referral of the case', async () => {
    const { store } = place;
    const one = await newReferral(store, rowOf({ localCode: 'TEST-1' }));
    const other = await newReferral(store, rowOf({ localCode: 'TEST-2' }));
    const without = await newReferral(store, rowOf({ localCode: null, side: 'receiving' }));
    const held = async () =>
      Promise.all(
        [one, other, without].map(async (row) => !!(await store.openDemand(row.referralId))),
      );
    await opened(store, aboutReferral(one.referralId), { kind: 'breach' });
    expect(await held()).toEqual([false, false, false]);
    const late = await opened(store, aboutCase('TEST-1'), { openedAtMs: NOW_MS + 5 });
    expect(await held()).toEqual([true, false, false]);
    const early = await opened(store, aboutReferral(one.referralId));
    expect((await store.openDemand(one.referralId))?.matterId).toBe(early);
    expect((await store.openDemandOfCase('TEST-1'))?.matterId).toBe(early);
    await opened(store, aboutReferral(without.referralId));
    expect(await held()).toEqual([true, false, true]);
    for (const matterId of [early, late]) {
      await store.addToMatter(matterId, matterChange({ number: 2, isOpen: false }));
    }
    expect(await held()).toEqual([false, false, true]);
    expect(await store.openDemandOfCase('TEST-1')).toBeUndefined();
    await opened(store, aboutReferral(other.referralId));
    expect(await store.openDemandOfCase('TEST-2')).toBeDefined();
  });

  it('are listed by kind, the newest first, a page at a time', async () => {
    const ids: string[] = [];
    for (const step of [0, 1, 2]) {
      ids.unshift(await opened(place.store, aboutCase('TEST-1'), { openedAtMs: NOW_MS + step }));
    }
    await opened(place.store, aboutCase('TEST-1'), { kind: 'disclosure' });
    const first = await place.store.listMatters('demand', 2, '');
    const rest = await place.store.listMatters('demand', 2, first.nextCursor);
    expect([...first.items, ...rest.items].map((row) => row.matterId)).toEqual(ids);
    expect(rest.nextCursor).toBe('');
    const ofCase = await place.store.mattersOfCase('TEST-1', 'disclosure');
    expect(ofCase.map((row) => row.kind)).toEqual(['disclosure']);
    expect(await place.store.mattersOfReferral(uuid4(), 'demand')).toEqual([]);
  });
});

onEachEngine('an alarm', (place) => {
  it('comes once with its event, and again only after its line is done', async () => {
    const { referralId } = await newReferral(place.store);
    const raise = () =>
      place.store.raiseTask({ ...taskOf(referralId), kind: 'breach-overdue' }, [
        eventOf(referralId),
      ]);
    const told = async () => [
      (await place.store.listTasks(9, '')).items.filter((t) => t.kind === 'breach-overdue').length,
      (await place.store.eventsAfter(0, 99)).length,
    ];
    const before = (await told())[1] ?? 0;
    await raise();
    await raise();
    expect(await told()).toEqual([1, before + 1]);
    await place.store.finishTasks(referralId, ['breach-overdue', 'other']);
    expect(await told()).toEqual([0, before + 1]);
    await raise();
    expect(await told()).toEqual([1, before + 2]);
  });
});
