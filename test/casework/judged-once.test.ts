import { expect, it } from 'vitest';

import { judgedOnce, noteJudged } from '#casework/judged-once.ts';
import { randomBytes, toBase64url } from '#crypto/digest.ts';
import { limits } from '#model/limits.ts';

const seal = () => toBase64url(randomBytes(64));
const opened = new TextEncoder().encode('{"is":"whole"}');

it('a seal is judged when it is first opened, and not again; another one is', () => {
  let judged = 0;
  const judge = (bytes: Uint8Array): { is: string } => {
    judged += 1;
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  const [mine, other] = [seal(), seal()];
  for (let i = 0; i < 3; i += 1) {
    expect(judgedOnce(mine, opened, judge)).toEqual({ is: 'whole' });
  }
  expect(judged).toBe(1);
  judgedOnce(other, opened, judge);
  expect(judged).toBe(2);
});

it('what does not fit is refused each time', () => {
  const wrong = seal();
  const refuse = () => {
    throw new Error('it does not fit');
  };
  expect(() => judgedOnce(wrong, opened, refuse)).toThrow('does not fit');
  expect(() => judgedOnce(wrong, opened, refuse)).toThrow('does not fit');
});

it('only so many seals are remembered; the oldest are judged again', () => {
  const first = seal();
  noteJudged(first);
  for (let i = 0; i < limits.judgedSealsMax; i += 1) noteJudged(seal());
  let judged = 0;
  judgedOnce(first, opened, () => {
    judged += 1;
    return {};
  });
  expect(judged).toBe(1);
});
