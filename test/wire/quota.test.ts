import { describe, expect, it } from 'vitest';

import { createQuota } from '#wire/quota.ts';

describe('a quota', () => {
  it('lets so many calls through at once, and then as many as the time allows', () => {
    let nowMs = 0;
    const may = createQuota(10, 100, () => nowMs);
    const taken = () => Array.from({ length: 30 }, () => may('peer')).filter(Boolean).length;
    expect(taken()).toBe(10);
    nowMs += 500;
    expect(taken()).toBe(5);
    nowMs += 60_000;
    expect(taken()).toBe(10);
  });

  it('counts each peer by itself', () => {
    const may = createQuota(1, 100, () => 0);
    expect([may('one'), may('one'), may('two')]).toEqual([true, false, true]);
  });
});
