// A child who comes of age while a referral is under way is asked for a yes of their
// own. Nothing more goes without it; the inbox says so on the very day.
import type { CaseFile } from '#model/case-file.ts';
import { isTerminal } from '#model/crossing.ts';
import { isChild } from '#model/plan/minimum.ts';
import { turns18On } from '#model/ready/items.ts';
import { raiseAlarm } from './alarm.ts';
import type { CaseworkContext } from './context.ts';

/** After a request: the day is in the case, and in no message. */
export async function remindOfAge(
  { store }: CaseworkContext,
  referralId: string,
  caseFile: CaseFile,
): Promise<void> {
  const birthday = turns18On({ caseFile });
  if (birthday === undefined || !isChild(caseFile.sections.minimum)) return;
  await store.setDeadline(referralId, { kind: 'own-yes', dueAtMs: Date.parse(birthday) });
}

/** Work of 'own-yes'. An ended referral asks nothing any more. */
export async function askOwnYes(context: CaseworkContext, referralId: string): Promise<void> {
  const { row } = await context.store.load(referralId);
  if (row && !isTerminal(row.status)) await raiseAlarm(context, referralId, 'own-yes');
}

/** The person has answered alone: the line is done with this partner. */
export async function haveOwnYes(
  { store }: CaseworkContext,
  localCode: string,
  recipient: string,
): Promise<void> {
  for (const { referralId, partner } of await store.referralsOfCase(localCode)) {
    if (partner === recipient) await store.finishTasks(referralId, ['own-yes']);
  }
}
