// One change of a referral at a time in this process: what waits reads what the
// one before has written. The store's version guards against other processes.
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

export type InTurn = <T>(
  referralId: string,
  work: () => Promise<T>,
  /** Goes before all that waits: a partner's flood must not hold a withdrawal up. */
  isUrgent?: boolean,
) => Promise<T>;

/** The work must not wait for the partner, nor for another turn of the same referral. */
export function takeTurns(): InTurn {
  // A queue is there for as long as one of its turns runs.
  const queues = new Map<string, (() => Promise<void>)[]>();

  async function runAll(referralId: string, queue: (() => Promise<void>)[]): Promise<void> {
    for (let turn = queue.shift(); turn; turn = queue.shift()) await turn();
    queues.delete(referralId);
  }

  return (referralId, work, isUrgent = false) => {
    const queue = queues.get(referralId) ?? [];
    if (!isUrgent && queue.length >= limits.turnsWaitingMax) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const turn = () => work().then(resolve, reject);
      if (isUrgent) queue.unshift(turn);
      else queue.push(turn);
      if (queues.has(referralId)) return;
      queues.set(referralId, queue);
      void runAll(referralId, queue);
    });
  };
}

function busy(): Refusal {
  return new Refusal('UNAVAILABLE', 'Too much waits in this referral; try again later.');
}
