// What a fork cuts off, and what stands beside the chains: it counts as nothing,
// but a person who withdrew, or is on the way, is not forgotten with it.
import type { PlacedWithdrawal } from './consent.ts';
import type { StepName } from './message.ts';
import type { Entry, Thread } from './thread.ts';
import type { Side, Tracks } from './track.ts';

type Aside = { side: Side; entry: Entry };

/** What is beyond the kept part of the chains, and beside them. */
export function cutOff(thread: Thread, kept: Thread): Aside[] {
  const cut = (['referring', 'receiving'] as const).flatMap((side) =>
    thread[side].slice(kept[side].length).map((entry) => ({ side, entry })),
  );
  return [...cut, ...thread.loose];
}

/** A fork undoes what was said; that somebody left, and was not met, it does not. */
export function isOnTheWay({ referring, receiving }: Tracks, aside: readonly Aside[]): boolean {
  const said = (by: Side, ...steps: StepName[]) =>
    aside.some(({ side, entry }) => {
      const step = entry.content?.body.step;
      return side === by && step !== undefined && steps.includes(step);
    });
  const left = referring.phase === 'departed' || said('referring', 'departed');
  const met = receiving.phase === 'arrived' || receiving.phase === 'taken';
  return left && !met && !said('receiving', 'arrived', 'caseManagementTaken');
}

/** Withdrawals beyond the kept part of the chains: they count all the same. */
export function looseWithdrawals(thread: Thread, kept: Thread): PlacedWithdrawal[] {
  // By digest where the number is one: a fork may repeat the id, too.
  const inOrder = cutOff(thread, kept).toSorted(
    ({ entry: a }, { entry: b }) =>
      a.envelope.seq - b.envelope.seq || (a.digest < b.digest ? -1 : 1),
  );
  return inOrder.flatMap(({ side, entry }) => {
    const body = entry.content?.body;
    if (body?.step !== 'consentWithdrawn') return [];
    const { seq, messageId } = entry.envelope;
    return [{ side, seq, messageId, body: body.consentWithdrawn }];
  });
}
