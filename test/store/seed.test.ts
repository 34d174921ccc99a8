import { describe, expect, it } from 'vitest';

import { openReferral } from '#exchange/open-referral.ts';
import { stateDigest } from '#exchange/state-digest.ts';
import { silentLog } from '#model/log.ts';
import { otherSide, type Side } from '#model/track.ts';
import { openStore, type Store } from '#store/open.ts';
import { codec } from '#wire/codec.ts';
import { type SeedOptions, seedReferrals } from './seed.ts';

const ORGANISATIONS = {
  referring: 'https://harbour.example',
  receiving: 'https://homeward.example',
};
const NOW_MS = Date.UTC(2026, 10, 24, 9);

async function seededStore(side: Side, count: number, more: Partial<SeedOptions> = {}) {
  const store = await openStore({
    url: 'sqlite::memory:',
    clock: { now: () => NOW_MS },
    log: silentLog,
  });
  const options = { side, organisations: ORGANISATIONS, nowMs: NOW_MS, openEvery: 3 };
  await seedReferrals(store, count, { ...options, ...more });
  return store;
}

async function digests(store: Store, side: Side): Promise<string[]> {
  const { items } = await store.listReferrals(200, '', 0);
  const found: string[] = [];
  for (const row of items) {
    const { state } = openReferral(await store.load(row.referralId), codec);
    const verdicts = [...state.verdicts.referring, ...state.verdicts.receiving];
    expect([row.side, row.status]).toEqual([side, state.status]);
    expect(verdicts.map((v) => v.verdict)).toEqual(verdicts.map(() => 'counts'));
    found.push(stateDigest(state));
  }
  return found;
}

describe('seeded referrals', () => {
  it('fold to the status of their row, with no message void, and alike at both sides', async () => {
    await using ours = await seededStore('referring', 7);
    await using theirs = await seededStore('receiving', 7);
    const folded = await digests(ours, 'referring');
    expect(folded).toHaveLength(7);
    expect(await digests(theirs, 'receiving')).toEqual(folded);
    const [row] = (await ours.listReferrals(1, '', 0)).items;
    const peer = (await theirs.load(row?.referralId ?? '')).row;
    expect([row?.ownHead, row?.peerHead]).toEqual([peer?.peerHead, peer?.ownHead]);
    expect([row?.partner, peer?.partner]).toEqual([
      ORGANISATIONS.receiving,
      ORGANISATIONS[otherSide('receiving')],
    ]);
  });

  it('wait for no receipt, no delivery and, but for open ones, no person', async () => {
    await using store = await seededStore('receiving', 7, { withEvents: true });
    const { items } = await store.listReferrals(200, '', 0);
    expect(await store.countPending(items.map((row) => row.referralId))).toEqual(new Map());
    expect(await store.nextDeliveryMs()).toBeNull();
    expect((await store.listTasks(200, '')).items).toHaveLength(3);
    expect(await store.countUnpublished()).toBe(0);
    expect((await store.eventsAfter(0, 200)).length).toBeGreaterThan(7 * 3);
  });

  it('go on where an earlier call ended, and are never stored twice', async () => {
    await using store = await seededStore('referring', 300);
    const options = { side: 'referring' as const, organisations: ORGANISATIONS, nowMs: NOW_MS };
    await seedReferrals(store, 10, { ...options, first: 300 });
    await expect(seedReferrals(store, 1, { ...options, first: 309 })).rejects.toThrow('stored');
    await seedReferrals(store, 1, { ...options, first: 310 });
  });
});
