import { describe, expect, it } from 'vitest';

import { inReadingOrder } from '#casework/reading-order.ts';
import type { Entry } from '#model/thread.ts';

/** A message named by its digest; previous and seen name others. */
function entry(digest: string, seq: number, sentAt: number, previous = '', seen?: string): Entry {
  const envelope = { seq, sentAt, previous, ...(seen && { seen: { seq: 1, digest: seen } }) };
  return { digest, envelope, content: null } as unknown as Entry;
}

const named = (entries: readonly Entry[]) => inReadingOrder(entries).map(({ digest }) => digest);

describe('the reading order', () => {
  it('is by time sent where nobody had read anything', () => {
    expect(named([entry('b', 2, 20, 'a'), entry('x', 1, 15), entry('a', 1, 10)])).toEqual([
      'a',
      'x',
      'b',
    ]);
  });

  it('puts an answer behind its question, though its clock is behind', () => {
    const question = entry('question', 2, 300, 'confirmed', 'request');
    const answer = entry('answer', 2, 200, 'request', 'question');
    const all = [answer, question, entry('confirmed', 1, 290, '', 'request')];
    expect(named([...all, entry('request', 1, 100)])).toEqual([
      'request',
      'confirmed',
      'question',
      'answer',
    ]);
  });

  it('shows what refers to something that is not here', () => {
    expect(named([entry('late', 5, 50, 'lost', 'lost too'), entry('a', 1, 60)])).toEqual([
      'late',
      'a',
    ]);
  });
});
