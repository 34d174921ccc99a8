// What the clock will ask of this node in a referral, from the thread alone.
// Time changes no state: a deadline is work for the node, or an alarm on its board.

import { breachNotices, noticesDueAtMs } from './breach-notice.ts';
import type { ReferralState } from './referral.ts';
import type { Thread } from './thread.ts';
import type { Side } from './track.ts';
import { welfareOf } from './welfare.ts';

/** One of a kind for a referral. */
export type Deadline = { kind: string; dueAtMs: number };

/**
 * All that stand in this state, past ones too. What is no longer named here is no
 * longer due; what was done comes back only with another time.
 */
export function deadlines(side: Side, thread: Thread, state: ReferralState): Deadline[] {
  const noticesMs = noticesDueAtMs(breachNotices(thread));
  // Due at once: the departure lies in the past, whatever the partner's clock says.
  const welfare = side === 'referring' ? welfareOf(thread, state) : null;
  return [
    ...(noticesMs === null ? [] : [{ kind: 'breach-notice', dueAtMs: noticesMs }]),
    ...(welfare === null ? [] : [{ kind: 'welfare', dueAtMs: welfare.leftAt * 1000 }]),
  ];
}

/** What one step changes: kinds with a new time, and kinds that are gone. */
export function deadlineChanges(
  had: readonly Deadline[],
  has: readonly Deadline[],
): { set: Deadline[]; gone: string[] } {
  const before = new Map(had.map(({ kind, dueAtMs }) => [kind, dueAtMs]));
  const after = new Set(has.map(({ kind }) => kind));
  return {
    set: has.filter(({ kind, dueAtMs }) => before.get(kind) !== dueAtMs),
    gone: [...before.keys()].filter((kind) => !after.has(kind)),
  };
}
