// What the clock will ask of this node in a referral, from the thread alone.
// Time changes no state: a deadline is work for the node, or an alarm on its board.

import { breachNotices, noticesDueAtMs } from './breach-notice.ts';
import { isTerminal } from './crossing.ts';
import { limits } from './limits.ts';
import type { ReferralState } from './referral.ts';
import { erasuresDue, evidenceEndsAtMs, isEnded, WITHDRAWN_KIND } from './retention.ts';
import type { Thread } from './thread.ts';
import { otherSide, type Side } from './track.ts';
import { welfareOf } from './welfare.ts';

/** One of a kind for a referral; `kind` may end in `:` and what it is about. */
export type Deadline = { kind: string; dueAtMs: number };

/**
 * All that stand in this state, past ones too. What is no longer named here is no
 * longer due; what was done comes back only with another time.
 */
export function deadlines(side: Side, thread: Thread, state: ReferralState): Deadline[] {
  const noticesMs = noticesDueAtMs(breachNotices(thread));
  // Due at once: the departure lies in the past, whatever the partner's clock says. And before
  // an erasing of the same second, which takes our own plan of the arrival.
  const welfare = side === 'referring' ? welfareOf(thread, state) : null;
  // Of a referral that goes on they are looked up from time to time: most of its steps
  // move them, and none shall pay for it.
  const evidenceMs = isEnded(state) ? evidenceEndsAtMs(thread, state) : null;
  const renewMs = side === 'referring' ? renewAtMs(state) : null;
  return soonestOfEachKind([
    ...at('breach-notice', noticesMs),
    ...at('welfare', welfare && welfare.leftAt * 1000 - 1),
    ...erasureDeadlines(side, thread, state),
    ...at('remove-evidence', evidenceMs),
    ...at('renew-consent', renewMs),
  ]);
}

function at(kind: string, dueAtMs: number | null): Deadline[] {
  return dueAtMs === null ? [] : [{ kind, dueAtMs }];
}

/** What is to be erased here, and for each withdrawal the answer that the partner owes. */
function erasureDeadlines(side: Side, thread: Thread, state: ReferralState): Deadline[] {
  const dues = erasuresDue(thread, state).filter(
    ({ cause }) => cause !== 'ended' || isEnded(state),
  );
  const theirs = answered(thread[otherSide(side)]);
  const owed = dues.filter(
    ({ kind, withdrawalId }) =>
      kind.startsWith(WITHDRAWN_KIND) && withdrawalId !== null && !theirs.has(withdrawalId),
  );
  return [
    // Our own word that it is done is no proof of it: a restored node may have it all again.
    ...dues.map(({ kind, dueAtMs }) => ({ kind, dueAtMs })),
    ...owed.map(({ withdrawalId, dueAtMs }) => ({
      kind: `erasure-missing:${withdrawalId}`,
      dueAtMs: dueAtMs + limits.erasureAnswerGraceMs,
    })),
  ];
}

/** Withdrawals to which this chain says what was erased. */
function answered(chain: Thread[Side]): Set<string> {
  return new Set(
    chain.flatMap(({ content }) =>
      content?.body.step === 'erasureConfirmed' ? [content.body.erasureConfirmed.withdrawalId] : [],
    ),
  );
}

/** Before the last yes to the package ends, while the referral goes on. */
function renewAtMs({ status, grants, referring }: ReferralState): number | null {
  if (isTerminal(status) || referring.packageSeq === 0) return null;
  const ends = grants
    .filter(({ grant, author }) => grant.stage === 'package' && grant.recipient !== author)
    .map(({ grant }) => grant.until);
  return ends.length === 0 ? null : Math.max(...ends) * 1000 - limits.renewBeforeMs;
}

/** A fork may repeat the id of a withdrawal. */
function soonestOfEachKind(all: readonly Deadline[]): Deadline[] {
  const found = new Map<string, number>();
  for (const { kind, dueAtMs } of all) {
    found.set(kind, Math.min(dueAtMs, found.get(kind) ?? dueAtMs));
  }
  return [...found].map(([kind, dueAtMs]) => ({ kind, dueAtMs }));
}

/** What a kind asks for, without what it is about. */
export function workOf(kind: string): string {
  return kind.split(':', 1)[0] ?? kind;
}

/** Alarms of the clock that this step ends: their lines leave the inbox. */
export function endedAlarms(had: readonly Deadline[], has: readonly Deadline[]): string[] {
  const names = new Set(had.map(({ kind }) => workOf(kind)));
  const still = new Map(has.map(({ kind, dueAtMs }) => [kind, dueAtMs]));
  return [...names].filter((name) => {
    const before = had.filter(({ kind }) => workOf(kind) === name);
    return before.every(({ kind, dueAtMs }) => still.get(kind) !== dueAtMs);
  });
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
