// The order in which a person reads the messages of both sides: by time sent,
// but never before what their author had read, whatever the two clocks say.
import type { Entry } from '#model/thread.ts';

/** A copy in reading order: entries of one referral, of both sides. */
export function inReadingOrder(entries: readonly Entry[]): Entry[] {
  const waiting = entries.toSorted(
    (a, b) => a.envelope.sentAt - b.envelope.sentAt || a.envelope.seq - b.envelope.seq,
  );
  const unread = new Set(waiting.map(({ digest }) => digest));
  const ordered: Entry[] = [];
  while (waiting.length > 0) {
    const first = waiting.findIndex(({ envelope: { previous, seen } }) => {
      return !unread.has(previous) && !(seen && unread.has(seen.digest));
    });
    // Digests make a circle impossible; were there one, its earliest comes first.
    const [next] = waiting.splice(Math.max(first, 0), 1);
    if (!next) break;
    unread.delete(next.digest);
    ordered.push(next);
  }
  return ordered;
}
