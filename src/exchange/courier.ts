// The delivering loop: what was written here goes out at once; what is due, was
// left by a crash, or belongs to a busy time is claimed from the store.
import { incidentOf } from '#model/incident.ts';
import { limits } from '#model/limits.ts';
import type { Placing } from './arrived.ts';
import type { ExchangeContext } from './context.ts';
import { deliverOnce } from './deliver.ts';
import type { Delivery } from './ports.ts';

export type Courier = AsyncDisposable & {
  /** A delivery leased to us by its own commit. False: left to a later claim; no withdrawal is. */
  take(delivery: Delivery): boolean;
  /** Looks for due deliveries now. */
  wake(): void;
  underway(): number;
};

export function startCourier(context: ExchangeContext, placing: Placing): Courier {
  const waiting: Delivery[] = [];
  const running = new Map<string, Promise<void>>(); // by referral: one at a time, in order
  let stopped = false;
  let claiming: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let hasMore = false; // the store may hold more that is due, and in order

  function startNext(): void {
    // What overtakes stands first, and has lanes of its own beside busy ones.
    for (let i = 0; i < waiting.length && hasLane(waiting[i] as Delivery); ) {
      const delivery = waiting[i] as Delivery;
      if (running.has(laneOf(delivery))) i += 1;
      else {
        waiting.splice(i, 1);
        start(delivery);
      }
    }
    if (waiting.length > 0 || running.size >= limits.deliverAtOnceMax) return;
    if (hasMore && timer) {
      clearTimeout(timer);
      timer = null;
    }
    plan(0);
  }

  function hasLane({ overtakes }: Delivery): boolean {
    return running.size < limits.deliverAtOnceMax * (overtakes ? 2 : 1);
  }

  function start(delivery: Delivery): void {
    const run = deliverOnce(context, placing, delivery)
      .catch((error: unknown) => {
        context.log.error('delivery-failed', incidentOf(error));
        return false;
      })
      .then((delivered) => (delivered ? undefined : giveBack(delivery.referralId)))
      .finally(() => {
        running.delete(laneOf(delivery));
        if (!stopped) startNext();
      });
    running.set(laneOf(delivery), run);
  }

  /** What waited behind a failed delivery goes back to the store, to come in order. */
  async function giveBack(referralId: string): Promise<void> {
    hasMore = true;
    const behind = waiting.filter((d) => d.referralId === referralId && !d.overtakes);
    for (const delivery of behind) {
      waiting.splice(waiting.indexOf(delivery), 1);
      const { seq } = delivery;
      await context.store.postponeDelivery(referralId, seq, context.clock.now()).catch(() => {});
    }
  }

  /** At most one timer. */
  function plan(delayMs: number): void {
    if (stopped || timer || claiming) return;
    timer = setTimeout(
      () => {
        timer = null;
        claiming = claim().then((nextMs) => {
          claiming = null;
          if (nextMs !== null) plan(nextMs);
        });
      },
      Math.min(Math.max(delayMs, 0), limits.deliverPollMs),
    );
  }

  /** Returns after how long to look again; null when free lanes will ask. */
  async function claim(): Promise<number | null> {
    try {
      const room = Math.max(0, limits.deliverAtOnceMax - running.size - waiting.length);
      const nowMs = context.clock.now();
      const due = await context.store.claimDeliveries(nowMs, room, limits.deliverLeaseMs);
      const inOrder = due.filter((delivery) => !delivery.overtakes);
      waiting.unshift(...due.filter((delivery) => delivery.overtakes));
      waiting.push(...inOrder);
      hasMore = inOrder.length >= room;
      startNext();
      // Busy lanes look again when they end; what overtakes does not wait for that.
      if (waiting.length > 0 || running.size >= limits.deliverAtOnceMax) {
        return limits.deliverPollMs;
      }
      if (due.length > 0) return null;
      const nextMs = await context.store.nextDeliveryMs();
      return nextMs === null ? limits.deliverPollMs : Math.max(nextMs - context.clock.now(), 50);
    } catch (error) {
      context.log.error('delivery-claim-failed', incidentOf(error));
      return limits.deliverPollMs;
    }
  }

  // An earlier run of this node may have ended with leases of its own: nobody
  // else delivers for it, and a withdrawal must not wait for their end.
  claiming = context.store
    .freeDeliveries()
    .catch((error: unknown) => context.log.error('delivery-claim-failed', incidentOf(error)))
    .then(() => {
      claiming = null;
      plan(0);
    });
  return {
    take(delivery) {
      if (stopped) return false;
      if (delivery.overtakes) waiting.unshift(delivery);
      else if (waiting.length >= limits.deliverQueueMax) {
        hasMore = true;
        return false;
      } else waiting.push(delivery);
      startNext();
      return true;
    },
    wake() {
      if (timer) clearTimeout(timer);
      timer = null;
      plan(0);
    },
    underway: () => running.size + waiting.length,
    async [Symbol.asyncDispose]() {
      stopped = true;
      if (timer) clearTimeout(timer);
      await Promise.allSettled([...running.values(), claiming]);
    },
  };
}

/** A withdrawal overtakes: it has a lane of its own. */
function laneOf({ referralId, seq, overtakes }: Delivery): string {
  return overtakes ? `${referralId}:${seq}` : referralId;
}
