// Does what is due: at a start, then again and again. A deadline is finished only
// after its work is, so a crash in between does the work again: it must bear that.
import type { Clock } from '#model/clock.ts';
import { workOf } from '#model/deadlines.ts';
import { incidentOf } from '#model/incident.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';

import type { DeadlineStore, DueDeadline } from './ports.ts';

/** The work of each kind; may run twice. Throws: it is tried again later. */
export type DeadlineWork = Readonly<Record<string, (referralId: string) => Promise<void>>>;

export type Clockwork = AsyncDisposable & {
  /** Does all that is due now; returns how many were done. By itself every few seconds. */
  runDue(): Promise<number>;
};

type Parts = {
  store: DeadlineStore;
  work: DeadlineWork;
  /** Before the deadlines of each round: sets some that follow from no step. */
  sweep?: () => Promise<void>;
  clock: Clock;
  log: Log;
};

export function startClockwork(parts: Parts): Clockwork {
  let isStopped = false;
  let last: Promise<number> = Promise.resolve(0);
  const runDue = () => {
    last = last.then(() => runAll(parts, () => isStopped));
    return last;
  };
  void runDue();
  const timer = setInterval(() => void runDue(), limits.deadlinePollMs);
  return {
    runDue,
    async [Symbol.asyncDispose]() {
      isStopped = true;
      clearInterval(timer);
      await last;
    },
  };
}

async function runAll(parts: Parts, isStopped: () => boolean): Promise<number> {
  let done = 0;
  try {
    await parts.sweep?.();
    for (;;) {
      const due = await parts.store.dueDeadlines(parts.clock.now(), limits.deadlineBatchMax);
      for (const deadline of due) {
        if (isStopped()) return done;
        if (await runOne(parts, deadline)) done += 1;
      }
      if (due.length < limits.deadlineBatchMax) return done;
    }
  } catch (error) {
    // The database, say: the next round tries again.
    parts.log.error('deadlines-failed', incidentOf(error));
    return done;
  }
}

async function runOne({ store, work, clock, log }: Parts, due: DueDeadline): Promise<boolean> {
  const { referralId, kind } = due;
  try {
    const act = work[workOf(kind)];
    if (!act) throw new Error('a deadline of a kind that has no work');
    await act(referralId);
    await store.finishDeadline(due);
    return true;
  } catch (error) {
    log.error('deadline-failed', { referralId, deadline: kind, ...incidentOf(error) });
    await store.postponeDeadline(due, clock.now() + limits.deadlineRetryMs);
    return false;
  }
}
