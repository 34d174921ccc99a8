// One change of a referral at a time in this process: what waits reads what the
// one before has written. The store's version guards against other processes.

export type InTurn = <T>(referralId: string, work: () => Promise<T>) => Promise<T>;

/** The work must not wait for the partner, nor for another turn of the same referral. */
export function takeTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (referralId, work) => {
    const before = last.get(referralId);
    const run = before ? before.then(work, work) : work();
    last.set(referralId, run);
    const leave = () => {
      if (last.get(referralId) === run) last.delete(referralId);
    };
    run.then(leave, leave);
    return run;
  };
}
