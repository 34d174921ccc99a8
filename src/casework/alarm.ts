// What the clock asks of a person: a line in the inbox, and an event for whoever
// watches. Once for each kind and referral, until the line is done.
import { uuid7 } from '#crypto/digest.ts';
import { trackingEvent } from '#exchange/change.ts';
import { openReferral } from '#exchange/open-referral.ts';
import type { Duty } from '#model/duties.ts';
import type { CaseworkContext } from './context.ts';

/** May be called again and again: the line and its event come once. */
export async function raiseAlarm(
  context: CaseworkContext,
  referralId: string,
  kind: Duty,
): Promise<void> {
  const { exchange, store, clock } = context;
  const stored = await store.load(referralId);
  if (!stored.row) return;
  const { thread, side } = openReferral(stored, exchange.context.codec);
  const about = thread[side].at(-1) ?? thread.referring.at(-1) ?? thread.receiving.at(-1);
  const createdAtMs = clock.now();
  await store.raiseTask(
    { taskId: uuid7(createdAtMs), referralId, kind, createdAtMs },
    about ? [trackingEvent(exchange.context, 'alarm', stored.row, about)] : [],
  );
  exchange.context.onEvents();
}
