// For each step a thread in which its side may take it: its home in the story.
import type { StepName } from '#model/message.ts';
import { EMPTY_THREAD, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import { after, before, say } from './story.ts';

/** Where each step is at home: a thread in which that side may take it. */
export const HOME: Readonly<Record<StepName, readonly [Side, Thread]>> = {
  referralRequest: ['referring', EMPTY_THREAD],
  receiptConfirmed: ['receiving', before('receiving', 'receiptConfirmed')],
  riskAssessed: ['referring', before('referring', 'riskAssessed')],
  clarificationAsked: ['receiving', before('receiving', 'clarificationAsked')],
  clarificationGiven: ['referring', before('referring', 'clarificationGiven')],
  accepted: ['receiving', before('receiving', 'accepted')],
  declined: ['receiving', before('receiving', 'accepted')],
  packageReleased: ['referring', before('referring', 'packageReleased')],
  packageReceived: ['receiving', before('receiving', 'packageReceived')],
  packageRefused: ['receiving', before('receiving', 'packageReceived')],
  safetyNotice: ['referring', after('receiving', 'packageReceived')],
  sectionCorrected: ['referring', after('receiving', 'packageReceived')],
  arrivalPlanned: ['receiving', before('receiving', 'arrivalPlanned')],
  arrivalChanged: ['receiving', after('referring', 'arrivalPlanned')],
  departed: ['referring', before('referring', 'departed')],
  arrived: ['receiving', before('receiving', 'arrived')],
  notArrived: ['receiving', before('receiving', 'arrived')],
  caseManagementTaken: ['receiving', before('receiving', 'caseManagementTaken')],
  caseManagementHanded: ['referring', before('referring', 'caseManagementHanded')],
  followUpReported: ['receiving', before('receiving', 'followUpReported')],
  planRevised: ['receiving', before('receiving', 'followUpReported')],
  held: ['referring', after('receiving', 'accepted')],
  resumed: ['referring', say(after('receiving', 'accepted'), 'referring', 'held')],
  cancellationRequested: ['referring', after('receiving', 'accepted')],
  cancellationConfirmed: [
    'receiving',
    say(after('receiving', 'accepted'), 'referring', 'cancellationRequested'),
  ],
  consentWithdrawn: ['referring', after('receiving', 'accepted')],
  accessReported: ['receiving', after('receiving', 'packageReceived')],
  erasureConfirmed: ['receiving', after('receiving', 'packageReceived')],
  breachReported: ['receiving', after('receiving', 'packageReceived')],
  completed: ['receiving', before('receiving', 'completed')],
  failed: ['referring', after('receiving', 'accepted')],
  expired: ['referring', after('receiving', 'receiptConfirmed')],
  enteredInError: ['referring', after('receiving', 'accepted')],
  refused: ['receiving', after('referring', 'referralRequest')],
};
