import { describe, expect, it } from 'vitest';

import { SECTIONS } from '#model/codes.ts';
import { canaryCase } from './canary-case.ts';

describe('canary case', () => {
  const { caseFile, sections, words } = canaryCase();

  it('has a word for every section that takes text', () => {
    const without = SECTIONS.filter(
      (name) => !words.some((word) => word.startsWith(`ZZ-${name.toUpperCase()}-`)),
    );
    // These hold codes, dates and numbers only.
    expect(without).toEqual(['minimum', 'exploitation', 'access']);
  });

  it('holds every word exactly once, no word within another', () => {
    const everything = JSON.stringify(sections);
    expect(words.length).toBeGreaterThan(90);
    for (const word of words) expect(everything.split(word)).toHaveLength(2);
  });

  it('puts the words of its sections into the case file', () => {
    const file = JSON.stringify(caseFile);
    const own = words.filter((word) => file.includes(word));
    expect(own.length).toBeGreaterThan(80);
  });
});
