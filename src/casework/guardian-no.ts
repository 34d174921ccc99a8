// A guardian who says no without the child: sharing stops, as for everybody, and the
// authority is asked within a day. The case stays here, and a new yes can send it again.
import { openAtRest } from '#exchange/sections.ts';
import { limits } from '#model/limits.ts';
import type { StepBody } from '#model/message.ts';
import { isChild } from '#model/plan/minimum.ts';
import { parseSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { raiseAlarm } from './alarm.ts';
import type { CaseworkContext } from './context.ts';
import { openOwn } from './referrals.ts';

/**
 * What a guardian may say for this person.
 * @throws Refusal SCHEMA_VIOLATION: more than a stop; NOT_PERMITTED: for an adult
 */
export async function mustBeForGuardian(
  context: CaseworkContext,
  referralIds: readonly string[],
  { deleteSent, endServices }: StepBody<'consentWithdrawn'>,
): Promise<void> {
  if (deleteSent || endServices) {
    throw new Refusal(
      'SCHEMA_VIOLATION',
      'withdrawal: a guardian alone stops sharing, and no more. Leave out delete_sent and end_services.',
    );
  }
  for (const referralId of referralIds) {
    if (!(await isAdult(context, referralId))) continue;
    throw new Refusal(
      'NOT_PERMITTED',
      'by_guardian: the person is an adult. Nobody takes it back for them; ask them.',
    );
  }
}

/** By the newest minimum set. One that cannot be read holds up no stop. */
async function isAdult(context: CaseworkContext, referralId: string): Promise<boolean> {
  const rows = (await context.store.listSections(referralId))
    .filter(({ section }) => section === 'minimum')
    .toSorted((a, b) => b.seq - a.seq);
  try {
    const opened = rows[0] && openAtRest(context.exchange.context, rows[0]);
    return opened ? !isChild(parseSection('minimum', opened.content)) : false;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** After the stop, never before it. The same withdrawal again asks again. */
export async function askAuthority(context: CaseworkContext, referralId: string): Promise<void> {
  const dueAtMs = context.clock.now() + limits.authorityAskedMs;
  await context.store.setDeadline(referralId, { kind: 'authority', dueAtMs });
  await raiseAlarm(context, referralId, 'ask-authority');
}

/** Work of 'authority': nobody wrote down that it was asked. */
export async function authorityIsLate(context: CaseworkContext, referralId: string): Promise<void> {
  await raiseAlarm(context, referralId, 'authority-overdue');
}

/**
 * The authority was asked. The same again changes nothing.
 * @throws Refusal NOT_FOUND
 */
export async function noteAuthorityAsked(
  context: CaseworkContext,
  referralId: string,
): Promise<void> {
  await openOwn(context, referralId);
  const tasks = ['ask-authority', 'authority-overdue'];
  await context.store.finishTasks(referralId, tasks, ['authority']);
}
