// After a no on the way: who calls the person, by when, and the referring side's own
// clock for an arrival that nobody may report to it any more.
import type { OpenReferral } from '#exchange/open-referral.ts';
import { openAtRest } from '#exchange/sections.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { parseSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { type Welfare, welfareOf } from '#model/welfare.ts';
import { raiseAlarm } from './alarm.ts';
import type { CaseworkContext } from './context.ts';
import { openOwn } from './referrals.ts';

/** Work of 'welfare': due with the withdrawal. */
export async function beginWelfare(context: CaseworkContext, referralId: string): Promise<void> {
  const known = await welfareAt(context, referralId);
  if (!known) return;
  const { welfare, referral } = known;
  const { store } = context;
  const dueAtMs = Math.min(welfare.callBy, nowSeconds(context.clock) + limits.callSeconds) * 1000;
  await store.setDeadline(referralId, { kind: 'welfare-call', dueAtMs });
  if (!welfare.isMet) {
    const arrivalMs = (await arrivalOf(context, referral)) ?? unknownArrivalMs(welfare);
    await store.setDeadline(referralId, { kind: 'welfare-arrival', dueAtMs: arrivalMs });
  }
  await raiseAlarm(context, referralId, 'call-person');
}

/** Work of 'welfare-call': nobody wrote down that the person was reached. */
export async function callIsLate(context: CaseworkContext, referralId: string): Promise<void> {
  if (await welfareAt(context, referralId)) await raiseAlarm(context, referralId, 'call-overdue');
}

/** Work of 'welfare-arrival'. Never the police: a person looks for them by the agreed steps. */
export async function arrivalIsLate(context: CaseworkContext, referralId: string): Promise<void> {
  const known = await welfareAt(context, referralId);
  if (known && !known.welfare.isMet) await raiseAlarm(context, referralId, 'arrival-unknown');
}

/**
 * The person was heard, and is well; arrived too, where they say so.
 * The same again changes nothing.
 * @throws Refusal NOT_FOUND
 */
export async function noteHeard(
  context: CaseworkContext,
  { referralId, arrived }: { referralId: string; arrived: boolean },
): Promise<void> {
  await openOwn(context, referralId);
  const tasks = ['call-person', 'call-overdue', ...(arrived ? ['arrival-unknown'] : [])];
  const clocks = ['welfare-call', ...(arrived ? ['welfare-arrival'] : [])];
  await context.store.finishTasks(referralId, tasks, clocks);
}

async function welfareAt(context: CaseworkContext, referralId: string) {
  const referral = await openOwn(context, referralId);
  const welfare = welfareOf(referral.thread, referral.state);
  return welfare && referral.side === 'referring' ? { welfare, referral } : null;
}

function unknownArrivalMs({ saidAt }: Welfare): number {
  return (saidAt + limits.arrivalUnknownSeconds) * 1000;
}

/** By our own plan, with the wait that was agreed on; null where it cannot be read. */
async function arrivalOf(
  context: CaseworkContext,
  { row }: OpenReferral & { row: { referralId: string } },
): Promise<number | null> {
  const rows = (await context.store.listSections(row.referralId))
    .filter(({ author, section }) => author === 'own' && section === 'arrival')
    .toSorted((a, b) => b.seq - a.seq);
  try {
    const opened = rows[0] && openAtRest(context.exchange.context, rows[0]);
    if (!opened) return null;
    const { when, ifNotThere } = parseSection('arrival', opened.content);
    return Date.parse(when) + ifNotThere.afterMinutes * 60_000;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
