// What one chain says, folded by itself: one track for each side. A track is
// plain data; `advance` returns the next one and touches nothing.
import type {
  ReceivingClosing,
  ReceivingPhase,
  ReferringClosing,
  ReferringPhase,
} from './crossing.ts';
import type { Body, Message, StepName } from './message.ts';

export type Side = 'referring' | 'receiving';

export function otherSide(side: Side): Side {
  return side === 'referring' ? 'receiving' : 'referring';
}

export type Assessment = { seq: number; assessedAt: number; answersSeq: number };

type Common = {
  held: boolean;
  arrivalPlanned: boolean;
  /** Newest risk assessment of this side. */
  assessment: Assessment | null;
  /** Number of the departure that this side reported as not arrived; 0 for none. */
  notArrivedDeparture: number;
};

export type ReferringTrack = Common & {
  phase: ReferringPhase;
  closing: ReferringClosing;
  answerBy: number;
  packageSeq: number;
  departures: number;
  /** Numbers of the questions that were answered. */
  answered: readonly number[];
};

export type ReceivingTrack = Common & {
  phase: ReceivingPhase;
  closing: ReceivingClosing;
  acceptedAt: number;
  packageRefusedSeq: number;
  /** Numbers of the questions that were asked. */
  asked: readonly number[];
  followUps: readonly string[];
  planVersion: number;
};

export type Tracks = { referring: ReferringTrack; receiving: ReceivingTrack };

const common: Common = {
  held: false,
  arrivalPlanned: false,
  assessment: null,
  notArrivedDeparture: 0,
};

export const START: Tracks = {
  referring: {
    ...common,
    phase: 'none',
    closing: 'open',
    answerBy: 0,
    packageSeq: 0,
    departures: 0,
    answered: [],
  },
  receiving: {
    ...common,
    phase: 'none',
    closing: 'open',
    acceptedAt: 0,
    packageRefusedSeq: 0,
    asked: [],
    followUps: [],
    planVersion: 0,
  },
};

/** A message that counts, with the departure that its author spoke of. */
export type Counted = { message: Message; departure: number };

export function advanceReferring(track: ReferringTrack, counted: Counted): ReferringTrack {
  const { body, seq } = counted.message;
  switch (body.step) {
    case 'referralRequest':
      return { ...track, phase: 'requested', answerBy: body.referralRequest.answerBy };
    case 'clarificationGiven':
      return { ...track, answered: [...track.answered, body.clarificationGiven.answersSeq] };
    case 'packageReleased':
      return { ...track, phase: 'released', packageSeq: seq };
    case 'departed':
      return { ...track, phase: 'departed', departures: track.departures + 1 };
    case 'caseManagementHanded':
      return { ...track, phase: 'handed' };
    case 'cancellationRequested':
      return { ...track, closing: 'cancelling' };
    case 'expired':
      return { ...track, closing: 'expired' };
    case 'failed':
      return { ...track, closing: 'failed' };
    case 'enteredInError':
      return { ...track, closing: 'error' };
    default:
      return { ...track, ...advanceCommon(counted) };
  }
}

export function advanceReceiving(track: ReceivingTrack, counted: Counted): ReceivingTrack {
  const { body, seq, sentAt } = counted.message;
  const phase = RECEIVING_PHASE_OF[body.step];
  const closing = RECEIVING_CLOSING_OF[body.step];
  const next = { ...track, ...(phase && { phase }), ...(closing && { closing }) };
  switch (body.step) {
    case 'accepted':
      return { ...next, acceptedAt: sentAt };
    case 'clarificationAsked':
      return { ...next, asked: [...track.asked, seq] };
    case 'packageRefused':
      return { ...next, packageRefusedSeq: body.packageRefused.packageSeq };
    case 'followUpReported':
      return { ...next, followUps: [...track.followUps, body.followUpReported.milestone] };
    case 'planRevised':
      return { ...next, planVersion: track.planVersion + 1 };
    default:
      return { ...next, ...advanceCommon(counted) };
  }
}

const RECEIVING_PHASE_OF: Partial<Record<StepName, ReceivingPhase>> = {
  receiptConfirmed: 'received',
  accepted: 'accepted',
  packageReceived: 'packaged',
  arrived: 'arrived',
  caseManagementTaken: 'taken',
};

const RECEIVING_CLOSING_OF: Partial<Record<StepName, ReceivingClosing>> = {
  completed: 'completed',
  declined: 'declined',
  cancellationConfirmed: 'cancelled',
  failed: 'failed',
  enteredInError: 'error',
};

function advanceCommon({ message, departure }: Counted): Partial<Common> {
  const body: Body = message.body;
  switch (body.step) {
    case 'riskAssessed':
      return { assessment: { seq: message.seq, ...body.riskAssessed } };
    case 'arrivalPlanned':
      return { arrivalPlanned: true };
    case 'notArrived':
      return { notArrivedDeparture: departure };
    case 'held':
      return { held: true };
    case 'resumed':
      return { held: false };
    default:
      return {};
  }
}
