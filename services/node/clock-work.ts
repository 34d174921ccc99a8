// What each kind of deadline asks of the node. Every piece bears being done twice.
import { raiseAlarm } from '#casework/alarm.ts';
import { heedNotices, watchSteps } from '#casework/breach-watch.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { authorityIsLate } from '#casework/guardian-no.ts';
import { askOwnYes } from '#casework/own-yes.ts';
import { reportAccess } from '#casework/report-access.ts';
import { removeEvidence, runErasures } from '#casework/run-erasures.ts';
import { remindToTell } from '#casework/telling.ts';
import { arrivalIsLate, beginWelfare, callIsLate } from '#casework/welfare.ts';
import type { DeadlineWork } from '#tracking/clockwork.ts';

export function clockWork(context: CaseworkContext): DeadlineWork {
  return {
    authority: (referralId) => authorityIsLate(context, referralId),
    'breach-notice': (referralId) => heedNotices(context, referralId),
    'breach-steps': (referralId) => watchSteps(context, referralId),
    'own-yes': (referralId) => askOwnYes(context, referralId),
    'report-access': (referralId) => reportAccess(context, referralId),
    welfare: (referralId) => beginWelfare(context, referralId),
    'welfare-arrival': (referralId) => arrivalIsLate(context, referralId),
    'welfare-call': (referralId) => callIsLate(context, referralId),
    'tell-again': (referralId) => remindToTell(context, referralId),
    ...erasing(context),
  };
}

/** Each looks at all that is due: which of them rang makes no difference. */
function erasing(context: CaseworkContext): DeadlineWork {
  const run = (referralId: string) => runErasures(context, referralId);
  return {
    'erase-withdrawn': run,
    'erase-met': run,
    'erase-arrival': run,
    'erase-ended': run,
    'erase-working': run,
    'erase-kept': run,
    'erase-held': run,
    'erase-answer': run,
    'remove-evidence': (referralId) => removeEvidence(context, referralId),
    'erasure-missing': (referralId) => raiseAlarm(context, referralId, 'erasure-missing'),
    'renew-consent': (referralId) => raiseAlarm(context, referralId, 'renew-consent'),
  };
}
