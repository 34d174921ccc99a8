import { describe, expect, it } from 'vitest';

import {
  CLOSING,
  type Crossing,
  cross,
  isTerminal,
  PROGRESS,
  RECEIVING_CLOSINGS,
  RECEIVING_PHASES,
  REFERRING_CLOSINGS,
  REFERRING_PHASES,
  STATUSES,
} from '#model/crossing.ts';

function* everyCrossing(): Generator<Crossing> {
  for (const ours of REFERRING_PHASES) {
    for (const theirs of RECEIVING_PHASES) {
      for (const ourClosing of REFERRING_CLOSINGS) {
        for (const theirClosing of RECEIVING_CLOSINGS) {
          for (let flags = 0; flags < 16; flags += 1) {
            yield {
              referring: { phase: ours, closing: ourClosing },
              receiving: { phase: theirs, closing: theirClosing },
              arrivalPlanned: (flags & 1) !== 0,
              notArrived: (flags & 2) !== 0,
              withdrawn: (flags & 4) !== 0,
              interrupted: (flags & 8) !== 0,
            };
          }
        }
      }
    }
  }
}

const travelling: Crossing = {
  referring: { phase: 'departed', closing: 'open' },
  receiving: { phase: 'packaged', closing: 'open' },
  arrivalPlanned: true,
  notArrived: false,
  withdrawn: false,
  interrupted: false,
};

function inCare(change: Partial<Crossing>): Crossing {
  return {
    ...travelling,
    referring: { phase: 'handed', closing: 'open' },
    receiving: { phase: 'taken', closing: 'open' },
    ...change,
  };
}

describe('the crossing tables', () => {
  it('have every cell filled, and no line or column besides', () => {
    expect(Object.keys(PROGRESS)).toEqual([...REFERRING_PHASES]);
    for (const line of Object.values(PROGRESS)) {
      expect(Object.keys(line)).toEqual([...RECEIVING_PHASES]);
      for (const cell of Object.values(line)) expect(STATUSES).toContain(cell);
    }
    expect(Object.keys(CLOSING)).toEqual([...REFERRING_CLOSINGS]);
    for (const line of Object.values(CLOSING)) {
      expect(Object.keys(line)).toEqual([...RECEIVING_CLOSINGS]);
      for (const cell of Object.values(line)) expect(cell).toBeTruthy();
    }
  });

  it('give a known status to every combination, and reach every status', () => {
    const reached = new Set<string>();
    let combinations = 0;
    for (const at of everyCrossing()) {
      const { status } = cross(at);
      if (!STATUSES.includes(status)) expect.fail(`${status} from ${JSON.stringify(at)}`);
      reached.add(status);
      combinations += 1;
    }
    expect(combinations).toBe(5 * 6 * 5 * 6 * 16);
    expect([...reached].toSorted()).toEqual([...STATUSES].toSorted());
  });

  it('let a withdrawal win over everything', () => {
    for (const at of everyCrossing()) {
      if (at.withdrawn) expect(cross(at).status).toBe('withdrawn');
    }
  });

  it('let a fork win over everything but a withdrawal', () => {
    for (const at of everyCrossing()) {
      if (at.interrupted && !at.withdrawn) expect(cross(at).status).toBe('interrupted');
    }
  });

  it('let Accepted win over Expired, and Expired over a mere receipt', () => {
    const expired = { phase: 'requested', closing: 'expired' } as const;
    const at = { ...travelling, referring: expired, arrivalPlanned: false };
    expect(cross({ ...at, receiving: { phase: 'none', closing: 'open' } }).status).toBe('expired');
    const received = { phase: 'received', closing: 'open' } as const;
    expect(cross({ ...at, receiving: received }).status).toBe('expired');
    const accepted = { phase: 'accepted', closing: 'open' } as const;
    expect(cross({ ...at, receiving: accepted }).status).toBe('accepted');
  });

  it('let Arrived win over NotArrived', () => {
    const missed = { ...travelling, notArrived: true };
    expect(cross(missed).status).toBe('not-arrived');
    const met = { phase: 'arrived', closing: 'open' } as const;
    expect(cross({ ...missed, receiving: met }).status).toBe('arrived');
  });

  it('let Completed win over Failed and over a cancellation', () => {
    for (const closing of ['failed', 'cancelling', 'expired'] as const) {
      const at = inCare({
        referring: { phase: 'handed', closing },
        receiving: { phase: 'taken', closing: 'completed' },
      });
      expect(cross(at).status).toBe('completed');
    }
  });

  it('let Failed win over a request to cancel and over its confirmation', () => {
    const failing = { phase: 'taken', closing: 'failed' } as const;
    const asked = { phase: 'departed', closing: 'cancelling' } as const;
    expect(cross(inCare({ referring: asked, receiving: failing })).status).toBe('failed');
    const cancelled = { phase: 'taken', closing: 'cancelled' } as const;
    const failed = { phase: 'departed', closing: 'failed' } as const;
    expect(cross(inCare({ referring: failed, receiving: cancelled })).status).toBe('failed');
  });

  it('let EnteredInError win over every other end', () => {
    for (const closing of RECEIVING_CLOSINGS) {
      const at = inCare({
        referring: { phase: 'handed', closing: 'error' },
        receiving: { phase: 'taken', closing },
      });
      expect(cross(at).status).toBe('entered-in-error');
    }
  });

  it('never end quietly while somebody travels whom nobody met', () => {
    for (const at of everyCrossing()) {
      const met = at.receiving.phase === 'arrived' || at.receiving.phase === 'taken';
      if (at.referring.phase !== 'departed' || met) continue;
      const { status, travellingWithoutReceiver } = cross(at);
      if (!isTerminal(status) || status === 'completed') continue;
      expect(travellingWithoutReceiver).toBe(true);
      expect(['travelling-without-receiver', 'withdrawn', 'interrupted']).toContain(status);
    }
  });

  it('call a decline, an expiry and a cancellation after Departed an alarm', () => {
    for (const closing of ['declined', 'cancelled'] as const) {
      const receiving = { phase: 'packaged', closing } as const;
      expect(cross({ ...travelling, receiving }).status).toBe('travelling-without-receiver');
    }
    const expired = {
      ...travelling,
      referring: { phase: 'departed', closing: 'expired' },
      receiving: { phase: 'received', closing: 'open' },
    } as const;
    expect(cross(expired).status).toBe('travelling-without-receiver');
  });

  it('raise no such alarm while the referral is open, completed, or the person is met', () => {
    for (const at of everyCrossing()) {
      const { status, travellingWithoutReceiver } = cross(at);
      if (at.referring.phase !== 'departed') expect(travellingWithoutReceiver).toBe(false);
      if (!isTerminal(status)) expect(travellingWithoutReceiver).toBe(false);
      if (status === 'completed') expect(travellingWithoutReceiver).toBe(false);
    }
  });
});
