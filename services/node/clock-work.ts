// What each kind of deadline asks of the node. Every piece bears being done twice.
import { heedNotices, watchSteps } from '#casework/breach-watch.ts';
import type { CaseworkContext } from '#casework/context.ts';
import { reportAccess } from '#casework/report-access.ts';
import { remindToTell } from '#casework/telling.ts';
import { arrivalIsLate, beginWelfare, callIsLate } from '#casework/welfare.ts';
import type { DeadlineWork } from '#tracking/clockwork.ts';

export function clockWork(context: CaseworkContext): DeadlineWork {
  return {
    'breach-notice': (referralId) => heedNotices(context, referralId),
    'breach-steps': (referralId) => watchSteps(context, referralId),
    'report-access': (referralId) => reportAccess(context, referralId),
    welfare: (referralId) => beginWelfare(context, referralId),
    'welfare-arrival': (referralId) => arrivalIsLate(context, referralId),
    'welfare-call': (referralId) => callIsLate(context, referralId),
    'tell-again': (referralId) => remindToTell(context, referralId),
  };
}
