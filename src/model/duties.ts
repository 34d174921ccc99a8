// What waits for a person at one side, from the state alone. The inbox keeps
// one line for each; a duty that is gone from here is done.

import type { ReferralState } from './referral.ts';
import type { Side } from './track.ts';

export const DUTIES = {
  'confirm-receipt': 'Name a key contact and an alternate: srx referral confirm',
  'answer-request': 'Accept, ask or decline: srx referral accept | ask | decline',
  'answer-question': 'Answer the question, inside what the person agreed to: srx referral answer',
  'release-package': 'Ask the person again, then release the package: srx referral release',
  'read-package': 'Read the package and confirm it, or refuse it: srx referral confirm-package',
  'plan-arrival': 'Plan the arrival: srx referral plan-arrival',
  'take-over': 'Make the first contact, agree on a plan, take over: srx referral take',
  'hand-over': 'Hand over the case management: srx referral hand',
  'confirm-cancellation': 'Confirm the cancellation: srx referral confirm-cancellation',
  'look-for-other-help': 'The request was declined: look for other help with the person.',
  'not-arrived': 'The person did not arrive: follow the steps that were agreed on.',
  'travelling-without-receiver': 'The person travels and nobody will meet them: act now.',
  'stop-use': 'The person withdrew consent: stop using what it covers.',
  'ask-still-met': 'Ask: do you still want to be met? Then: srx consent withdraw --still-meet',
  'call-person': 'Call over a safe channel, only to ask: are you well? Then: srx referral heard',
  'call-overdue': 'The call is late. Call the person now, or go: srx referral heard',
  'ask-authority': 'A guardian alone said no. Ask the authority today: srx consent authority-asked',
  'authority-overdue': 'The authority is still not asked. Ask it now: srx consent authority-asked',
  'arrival-unknown': 'Nobody told of the arrival. Follow the steps that were agreed on.',
  'own-yes': 'The person is 18 now. Ask for their own yes: srx consent ask',
  'not-delivered': 'A message has no receipt and has expired: call the partner.',
  'breach-check': 'Data may be in wrong hands. Check the safety within the hour: srx breach list',
  'breach-person': 'Data may be in wrong hands. Tell the person safely: srx breach list',
  'breach-authority': 'Data may be in wrong hands. Tell the authority in time: srx breach list',
  'breach-steps': 'Data may be in wrong hands. Steps are still open: srx breach list',
  'breach-overdue': 'A step after a breach is late. Do it now: srx breach list',
  'demand-open': 'A legal demand is open. Nothing is exported or erased: srx demand list',
  'tell-person': 'Somebody should hear of a demand or disclosure now: srx demand list',
  'erasure-open': 'Data is not erased at every place of the key file. Check it: srx doctor',
  'erasure-missing': 'The partner has not said what it erased. Call them: srx erasure list',
  'renew-consent': 'The consent ends soon. Ask the person again at the next meeting.',
  interrupted: 'Two messages have one number: start a new referral that names this one.',
} as const;

export type Duty = keyof typeof DUTIES;

/** Duties that follow from the state. Others come from delivery, from the clock or from a record. */
export function duties(side: Side, state: ReferralState): Duty[] {
  const shared: Duty[] = [
    ...when(state.status === 'not-arrived', 'not-arrived'),
    ...when(state.travellingWithoutReceiver, 'travelling-without-receiver'),
    ...when(state.status === 'interrupted', 'interrupted'),
    ...when(isMeetingUnasked(state), 'ask-still-met'),
    ...when(
      state.withdrawals.some((w) => w.side !== side),
      'stop-use',
    ),
  ];
  return [...shared, ...(side === 'referring' ? referringDuties(state) : receivingDuties(state))];
}

function referringDuties(state: ReferralState): Duty[] {
  const { status, referring } = state;
  return [
    ...when(state.openQuestions.length > 0 && status !== 'declined', 'answer-question'),
    ...when(status === 'accepted', 'release-package'),
    ...when(status === 'in-progress' && !referring.arrivalPlanned, 'plan-arrival'),
    ...when(atDoor(state) && referring.phase !== 'handed', 'hand-over'),
    ...when(status === 'declined', 'look-for-other-help'),
  ];
}

function receivingDuties(state: ReferralState): Duty[] {
  const { status, receiving, referring } = state;
  return [
    ...when(status === 'requested', 'confirm-receipt'),
    ...when(status === 'received', 'answer-request'),
    ...when(status === 'package-released', 'read-package'),
    ...when(status === 'in-progress' && !receiving.arrivalPlanned, 'plan-arrival'),
    ...when(atDoor(state) && receiving.phase === 'arrived', 'take-over'),
    ...when(
      referring.closing === 'cancelling' && receiving.closing === 'open',
      'confirm-cancellation',
    ),
  ];
}

function atDoor(state: ReferralState): boolean {
  return state.status === 'arrived' || state.status === 'handing-over';
}

/** All but the meeting was withdrawn on the way, and nobody knows the wish yet. */
function isMeetingUnasked({ withdrawals, referring, receiving, status }: ReferralState): boolean {
  const isOnTheWay = referring.phase === 'departed' && receiving.phase !== 'taken';
  const bodies = withdrawals.map(({ body }) => body);
  return (
    isOnTheWay &&
    status !== 'withdrawn' &&
    bodies.some((body) => !body.whole && body.sections.includes('minimum')) &&
    !bodies.some((body) => body.meetingWish !== 'not-asked')
  );
}

function when(holds: boolean, duty: Duty): Duty[] {
  return holds ? [duty] : [];
}
