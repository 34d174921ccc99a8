import { describe, expect, it } from 'vitest';

import { FAMILIES, readFamily } from '#test/vectors/families.ts';
import { DOCUMENTS, readDocument, rulesOf } from './markdown.ts';

/** Rules of which no file can hold a wrong example, and why. */
const WITHOUT_VECTOR: Readonly<Record<string, string>> = {
  S1: 'a duty of the writer',
  S2: 'a duty of the writer',
  S3: 'a duty of the writer',
  S4: 'a duty of the writer',
  S5: 'a duty of the writer',
  S6: 'a duty of the writer',
  S7: 'a duty of the writer',
  S8: 'a duty of the writer',
  R1: 'a matter of the connection',
  R2: 'shown by E1 to E11',
  R15: 'shown by every vector that is taken',
  Y2: 'a dialogue of two nodes',
  G1: 'shown by R13',
  G2: 'a matter of the own clock and screen',
  F14: 'shown by every chain',
};

/** Rules under which nothing is wrong: they say what becomes of what is right. */
const ONLY_RIGHT = new Set(['B2', 'D1', 'R5', 'R14', 'F4', 'F11', 'F12', 'Y1', 'Y3']);

const stated = (await Promise.all(DOCUMENTS.map(readDocument))).flatMap(rulesOf);
const vectors = (await Promise.all(FAMILIES.map((name) => readFamily(name)))).flatMap(
  (family) => family.vectors,
);

describe('the rules of the protocol', () => {
  it('have each a number of its own', () => {
    expect(stated.length).toBeGreaterThan(80);
    expect(stated.filter((rule, i) => stated.indexOf(rule) !== i)).toEqual([]);
  });

  it('are those that the vectors name', () => {
    const named = new Set(vectors.map(({ check }) => check));
    expect([...named].filter((rule) => !stated.includes(rule))).toEqual([]);
  });

  it.each(stated)('%s is shown by a vector that breaks it', (rule) => {
    const showing = vectors.filter(({ check }) => check === rule);
    if (WITHOUT_VECTOR[rule] !== undefined) {
      expect(showing).toEqual([]);
      return;
    }
    expect(showing.some(({ valid }) => valid === ONLY_RIGHT.has(rule))).toBe(true);
  });

  it('are not excused where they are not stated', () => {
    const excused = [...Object.keys(WITHOUT_VECTOR), ...ONLY_RIGHT];
    expect(excused.filter((rule) => !stated.includes(rule))).toEqual([]);
  });
});
