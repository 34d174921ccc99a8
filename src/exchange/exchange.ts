// The exchange as services/node uses it: receive, send, answer, compare, deliver.
import { limits } from '#model/limits.ts';
import type { Member } from '#trust/member.ts';
import type { Placing } from './arrived.ts';
import { compare } from './compare.ts';
import { startComparing } from './compare-all.ts';
import type { ExchangeContext } from './context.ts';
import { startCourier } from './courier.ts';
import { takeTurns } from './in-turn.ts';
import type { Delivery, Heads, HeadsPage, ReferralSync } from './ports.ts';
import { createRecall } from './recall.ts';
import { receive } from './receive.ts';
import { type Draft, type Sent, send } from './send.ts';
import { answerHeads, answerSync } from './sync.ts';

export type Exchange = AsyncDisposable & {
  receive(peer: Member, parcel: string): Promise<string>;
  answerSync(peer: Member, heads: Heads[]): Promise<ReferralSync[]>;
  answerHeads(peer: Member, after: string): Promise<HeadsPage>;
  send(draft: Draft): Promise<Sent>;
  /** Looks for due deliveries now (after the clock or a link changed). */
  wake(): void;
  underway(): number;
  readonly context: ExchangeContext;
};

export function startExchange(
  parts: Omit<ExchangeContext, 'inTurn' | 'recall' | 'onDelivery' | 'compared'> & {
    compareAtStart?: boolean;
  },
): Exchange {
  const context: ExchangeContext = {
    ...parts,
    inTurn: takeTurns(),
    recall: createRecall(),
    compared: new Set(),
    onDelivery: (d: Delivery) => courier.take(d),
  };
  const placing = onePerReferral(context);
  const courier = startCourier(context, placing);
  const comparing = parts.compareAtStart === false ? null : startComparing(context, placing);
  return {
    context,
    receive: (peer, parcel) => receive(context, placing, peer, parcel),
    answerSync: (peer, heads) => answerSync(context, peer, heads),
    answerHeads: (peer, after) => answerHeads(context, peer, after),
    send: (draft) => send(context, placing, draft),
    wake() {
      courier.wake();
      comparing?.wake();
    },
    underway: () => courier.underway(),
    async [Symbol.asyncDispose]() {
      await comparing?.[Symbol.asyncDispose]();
      await courier[Symbol.asyncDispose]();
    },
  };
}

/** Comparisons of one referral with one partner that are asked for meanwhile share one. */
function onePerReferral(context: ExchangeContext): Placing {
  const underway = new Map<string, Promise<boolean>>();
  return {
    compare(referralId, peer, isStart) {
      const key = `${peer.organisation} ${referralId}`;
      const running = underway.get(key);
      if (running) return running;
      if (underway.size >= limits.deliverQueueMax) return Promise.resolve(false);
      const run = compare(context, peer, referralId, isStart).finally(() => underway.delete(key));
      underway.set(key, run);
      return run;
    },
  };
}
