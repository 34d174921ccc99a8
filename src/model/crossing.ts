// The status of a referral: total tables over the two tracks, so that any two
// messages that cross on the way have one outcome at both ends.

export const STATUSES = [
  'none',
  'requested',
  'received',
  'accepted',
  'package-released',
  'in-progress',
  'arrival-planned',
  'travelling',
  'not-arrived',
  'arrived',
  'handing-over',
  'in-care',
  'completed',
  'declined',
  'cancelled',
  'expired',
  'failed',
  'withdrawn',
  'entered-in-error',
  'interrupted',
  'travelling-without-receiver',
] as const;
export type Status = (typeof STATUSES)[number];

export const REFERRING_PHASES = ['none', 'requested', 'released', 'departed', 'handed'] as const;
export const RECEIVING_PHASES = [
  'none',
  'received',
  'accepted',
  'packaged',
  'arrived',
  'taken',
] as const;
export const REFERRING_CLOSINGS = ['open', 'cancelling', 'expired', 'failed', 'error'] as const;
export const RECEIVING_CLOSINGS = [
  'open',
  'completed',
  'declined',
  'cancelled',
  'failed',
  'error',
] as const;

export type ReferringPhase = (typeof REFERRING_PHASES)[number];
export type ReceivingPhase = (typeof RECEIVING_PHASES)[number];
export type ReferringClosing = (typeof REFERRING_CLOSINGS)[number];
export type ReceivingClosing = (typeof RECEIVING_CLOSINGS)[number];

type Row<Column extends string, Cell> = Readonly<Record<Column, Cell>>;
type Table<Line extends string, Column extends string, Cell> = Readonly<
  Record<Line, Row<Column, Cell>>
>;

/** Line: how far the referring side is; column: how far the receiving side is. */
export const PROGRESS: Table<ReferringPhase, ReceivingPhase, Status> = {
  none: {
    none: 'none',
    received: 'none',
    accepted: 'none',
    packaged: 'none',
    arrived: 'none',
    taken: 'none',
  },
  requested: {
    none: 'requested',
    received: 'received',
    accepted: 'accepted',
    packaged: 'accepted',
    arrived: 'arrived',
    taken: 'handing-over',
  },
  released: {
    none: 'package-released',
    received: 'package-released',
    accepted: 'package-released',
    packaged: 'in-progress',
    arrived: 'arrived',
    taken: 'handing-over',
  },
  departed: {
    none: 'travelling',
    received: 'travelling',
    accepted: 'travelling',
    packaged: 'travelling',
    arrived: 'arrived',
    taken: 'handing-over',
  },
  handed: {
    none: 'handing-over',
    received: 'handing-over',
    accepted: 'handing-over',
    packaged: 'handing-over',
    arrived: 'handing-over',
    taken: 'in-care',
  },
};

type Ending = 'completed' | 'declined' | 'cancelled' | 'expired' | 'failed' | 'entered-in-error';
/** 'unless-accepted': expired, but an acceptance on its way wins over it. */
type ClosingCell = Ending | 'progress' | 'unless-accepted';

/** Line: how the referring side ends it; column: how the receiving side does. */
export const CLOSING: Table<ReferringClosing, ReceivingClosing, ClosingCell> = {
  open: {
    open: 'progress',
    completed: 'completed',
    declined: 'declined',
    cancelled: 'cancelled',
    failed: 'failed',
    error: 'entered-in-error',
  },
  cancelling: {
    open: 'progress',
    completed: 'completed',
    declined: 'declined',
    cancelled: 'cancelled',
    failed: 'failed',
    error: 'entered-in-error',
  },
  expired: {
    open: 'unless-accepted',
    completed: 'completed',
    declined: 'declined',
    cancelled: 'cancelled',
    failed: 'failed',
    error: 'entered-in-error',
  },
  failed: {
    open: 'failed',
    completed: 'completed',
    declined: 'declined',
    cancelled: 'failed',
    failed: 'failed',
    error: 'entered-in-error',
  },
  error: {
    open: 'entered-in-error',
    completed: 'entered-in-error',
    declined: 'entered-in-error',
    cancelled: 'entered-in-error',
    failed: 'entered-in-error',
    error: 'entered-in-error',
  },
};

const TERMINAL: ReadonlySet<Status> = new Set<Status>([
  'completed',
  'declined',
  'cancelled',
  'expired',
  'failed',
  'withdrawn',
  'entered-in-error',
  'interrupted',
  'travelling-without-receiver',
]);

export function isTerminal(status: Status): boolean {
  return TERMINAL.has(status);
}

export type Crossed = {
  status: Status;
  /** Departed counts, nobody met the person, and nobody is bound to. */
  travellingWithoutReceiver: boolean;
};

/** What `cross` needs of the two tracks. */
export type Crossing = {
  referring: { phase: ReferringPhase; closing: ReferringClosing };
  receiving: { phase: ReceivingPhase; closing: ReceivingClosing };
  arrivalPlanned: boolean;
  notArrived: boolean;
  withdrawn: boolean;
  interrupted: boolean;
};

export function cross(at: Crossing): Crossed {
  const ending = endingOf(at);
  const met = at.receiving.phase === 'arrived' || at.receiving.phase === 'taken';
  const travellingWithoutReceiver =
    ending !== null && ending !== 'completed' && at.referring.phase === 'departed' && !met;
  // A withdrawal and a fork keep their own names: what they mean goes beyond
  // the journey. The alarm stands beside them.
  if (ending === 'withdrawn' || ending === 'interrupted') {
    return { status: ending, travellingWithoutReceiver };
  }
  if (travellingWithoutReceiver) {
    return { status: 'travelling-without-receiver', travellingWithoutReceiver };
  }
  return { status: ending ?? progressOf(at), travellingWithoutReceiver };
}

function endingOf(at: Crossing): Status | null {
  if (at.withdrawn) return 'withdrawn';
  if (at.interrupted) return 'interrupted';
  const cell = CLOSING[at.referring.closing][at.receiving.closing];
  if (cell === 'progress') return null;
  if (cell === 'unless-accepted') {
    const accepted = at.receiving.phase !== 'none' && at.receiving.phase !== 'received';
    return accepted ? null : 'expired';
  }
  return cell;
}

function progressOf(at: Crossing): Status {
  const status = PROGRESS[at.referring.phase][at.receiving.phase];
  if (status === 'in-progress' && at.arrivalPlanned) return 'arrival-planned';
  if (status === 'travelling' && at.notArrived) return 'not-arrived';
  return status;
}
