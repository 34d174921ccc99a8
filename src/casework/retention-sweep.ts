// Referrals that nobody ended run out with their grants, which no step tells: they are
// looked up a few times a day, so that no step pays for deadlines that most of them move.
import { incidentOf } from '#model/incident.ts';
import { limits } from '#model/limits.ts';
import { erasuresDue, evidenceEndsAtMs } from '#model/retention.ts';
import type { CaseworkContext } from './context.ts';
import { finishCaseErasures } from './erase-case.ts';
import { loadHolding } from './erase-sections.ts';

/** For each round of the clockwork; does nothing in most of them. */
export function retentionSweep(context: CaseworkContext): () => Promise<void> {
  let nextMs = 0;
  return async () => {
    const nowMs = context.clock.now();
    if (nowMs < nextMs) return;
    await finishCaseErasures(context);
    await sweep(context, nowMs - limits.retentionQuietMs);
    nextMs = nowMs + limits.retentionSweepMs;
  };
}

async function sweep(context: CaseworkContext, changedBeforeMs: number): Promise<void> {
  let after = { ms: 0, id: '' };
  for (;;) {
    const found = await context.store.openEndedReferrals(
      changedBeforeMs,
      after,
      limits.deadlineBatchMax,
    );
    for (const { referralId } of found) {
      try {
        await schedule(context, referralId);
      } catch (error) {
        context.exchange.context.log.error('retention-not-set', {
          referralId,
          ...incidentOf(error),
        });
      }
    }
    const last = found.at(-1);
    if (!last || found.length < limits.deadlineBatchMax) return;
    after = { ms: last.changedAtMs, id: last.referralId };
  }
}

async function schedule(context: CaseworkContext, referralId: string): Promise<void> {
  const holding = await loadHolding(context, referralId);
  if (!holding) return;
  const { thread, state } = holding;
  for (const { kind, cause, dueAtMs } of erasuresDue(thread, state)) {
    if (cause === 'ended') await context.store.setDeadline(referralId, { kind, dueAtMs });
  }
  const dueAtMs = evidenceEndsAtMs(thread, state);
  if (dueAtMs === null) return;
  await context.store.setDeadline(referralId, { kind: 'remove-evidence', dueAtMs });
}
