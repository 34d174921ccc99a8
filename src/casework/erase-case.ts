// Erases a local case: its code stays taken, all that it said is gone with its key. The
// same steps as for a section, and finished at the next start if they were cut off.

import { openReferral } from '#exchange/open-referral.ts';
import { Refusal } from '#model/refusal.ts';
import { isEnded } from '#model/retention.ts';
import { raiseAlarm } from './alarm.ts';
import { caseKeyId, findCase } from './cases.ts';
import type { CaseworkContext } from './context.ts';
import { mustHaveNoDemand } from './demand.ts';

/**
 * Of a case that is erased already it finishes what is open.
 * @throws Refusal NOT_FOUND, CONFLICT while a referral is open, NOT_PERMITTED under a legal
 *   demand, UNAVAILABLE while a place of the key file has not taken it
 */
export async function eraseCase(context: CaseworkContext, localCode: string): Promise<void> {
  const { store, clock, exchange } = context;
  await findCase(context, localCode);
  await mustHaveNoDemand(context, { localCode });
  const referrals = await store.referralsOfCase(localCode);
  for (const { referralId } of referrals) {
    const { state } = openReferral(await store.load(referralId), exchange.context.codec);
    if (isEnded(state)) continue;
    throw new Refusal(
      'CONFLICT',
      'local_code: a referral of this case goes on. End it or take it back first.',
    );
  }
  await store.eraseCase(localCode, clock.now());
  try {
    await destroyCaseKey(context, localCode);
  } catch (error) {
    for (const { referralId } of referrals.slice(0, 1)) {
      await raiseAlarm(context, referralId, 'erasure-open');
    }
    throw error;
  }
}

async function destroyCaseKey(context: CaseworkContext, localCode: string): Promise<void> {
  await context.keyFile.destroy([caseKeyId(localCode)]);
  await context.store.markCaseErased(localCode);
}

/** At every start, and again until no place has a key of an erased case. */
export async function finishCaseErasures(context: CaseworkContext): Promise<void> {
  for (const localCode of await context.store.casesBeingErased()) {
    await destroyCaseKey(context, localCode);
  }
}
