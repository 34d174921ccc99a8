// The clock's part in a breach: opens what a message told of, sends what could not
// be sent, and raises the alarm for a step whose hour has passed.
import { openReferral } from '#exchange/open-referral.ts';
import { openAtRest } from '#exchange/sections.ts';
import { type BreachNotice, breachNotices } from '#model/breach-notice.ts';
import { limits } from '#model/limits.ts';
import type { BreachRecord } from '#model/matter/breach.ts';
import type { SectionValue } from '#model/plan/sections.ts';
import { parseSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { type Side } from '#model/track.ts';
import { raiseAlarm } from './alarm.ts';
import { openBreach, openStepsOf, recordOf, tellPartnerOf } from './breach.ts';
import type { CaseworkContext } from './context.ts';
import { mattersAround, type OpenMatter } from './matters.ts';
import { NODE_ACTOR } from './node-actor.ts';

/** Work of 'breach-notice': due with each message that tells of a breach. */
export async function heedNotices(context: CaseworkContext, referralId: string): Promise<void> {
  const stored = await context.store.load(referralId);
  if (!stored.row) return;
  const { thread, side } = openReferral(stored, context.exchange.context.codec);
  for (const notice of breachNotices(thread)) {
    if (await context.store.findMatter(notice.messageId)) continue;
    const record = await recordFrom(context, referralId, side, notice);
    await openBreach(context, NODE_ACTOR, notice.messageId, referralId, record);
  }
}

async function recordFrom(
  context: CaseworkContext,
  referralId: string,
  side: Side,
  { author, seq, sentAt, wrongRecipient }: BreachNotice,
): Promise<BreachRecord> {
  const isOurs = author === side;
  const told = isOurs ? 'sent-in-error' : 'received-in-error';
  // One of ours without its record: the node was restored from before it.
  const scenario = wrongRecipient ? told : isOurs ? 'other' : 'told-by-partner';
  const learntAtMs = isOurs ? sentAt * 1000 : context.clock.now();
  const breach = await sectionOf(context, referralId, isOurs ? 'own' : 'peer', seq);
  return { scenario, tellsPartner: false, learntAtMs, ...(breach && { breach }) };
}

/** What the message says; nothing where it came without, or its key is gone. */
async function sectionOf(
  context: CaseworkContext,
  referralId: string,
  author: 'own' | 'peer',
  seq: number,
): Promise<SectionValue<'breach'> | undefined> {
  const rows = await context.store.loadSections(referralId, author, seq);
  const row = rows.find(({ section }) => section === 'breach');
  try {
    const opened = row && openAtRest(context.exchange.context, row);
    return opened ? parseSection('breach', opened.content) : undefined;
  } catch (error) {
    // The steps do not wait for what the partner wrote.
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Work of 'breach-steps': due with each report, then at the hour of its next open step. */
export async function watchSteps(context: CaseworkContext, referralId: string): Promise<void> {
  const matters = (await mattersAround(context, referralId, ['breach'])).filter(
    ({ row }) => row.isOpen,
  );
  let nextMs = Number.POSITIVE_INFINITY;
  for (const matter of matters) {
    if (!(await isTold(context, matter))) {
      nextMs = Math.min(nextMs, context.clock.now() + limits.deadlineRetryMs);
    }
  }
  const dues = matters.flatMap(openStepsOf).map(({ dueAtMs }) => dueAtMs);
  const nowMs = context.clock.now();
  if (dues.some((dueAtMs) => dueAtMs <= nowMs)) {
    await raiseAlarm(context, referralId, 'breach-overdue');
  }
  nextMs = Math.min(nextMs, ...dues.filter((dueAtMs) => dueAtMs > nowMs));
  if (nextMs === Number.POSITIVE_INFINITY) return;
  await context.store.setDeadline(referralId, { kind: 'breach-steps', dueAtMs: nextMs });
}

/** Whether nothing of it waits to be sent; it is sent now where that is possible. */
async function isTold(context: CaseworkContext, matter: OpenMatter): Promise<boolean> {
  const record = recordOf(matter);
  const waits = openStepsOf(matter).some(({ step }) => step === 'tell-partner');
  if (record === null || !waits) return true;
  try {
    await tellPartnerOf(context, NODE_ACTOR, matter, record);
    return true;
  } catch (error) {
    // A partner that is away, a clock that is off: the next round tries again.
    if (error instanceof Refusal) return false;
    throw error;
  }
}
