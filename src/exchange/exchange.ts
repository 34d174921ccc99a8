// The exchange as services/node uses it: receive, send, answer, compare, deliver.
import { limits } from '#model/limits.ts';
import type { Member } from '#trust/member.ts';
import { compare } from './compare.ts';
import type { ExchangeContext } from './context.ts';
import { startCourier } from './courier.ts';
import { takeTurns } from './in-turn.ts';
import type { Delivery, Heads, ReferralSync } from './ports.ts';
import { createRecall } from './recall.ts';
import { type Placing, receive } from './receive.ts';
import { type Draft, type Sent, send } from './send.ts';
import { answerSync } from './sync.ts';

export type Exchange = AsyncDisposable & {
  receive(peer: Member, parcel: string): Promise<string>;
  answerSync(peer: Member, heads: Heads[]): Promise<ReferralSync[]>;
  send(draft: Draft): Promise<Sent>;
  /** Looks for due deliveries now (after the clock or a link changed). */
  wake(): void;
  underway(): number;
  readonly context: ExchangeContext;
};

export function startExchange(
  parts: Omit<ExchangeContext, 'inTurn' | 'recall' | 'onDelivery'> & { compareAtStart?: boolean },
): Exchange {
  const context: ExchangeContext = {
    ...parts,
    inTurn: takeTurns(),
    recall: createRecall(),
    onDelivery: (d: Delivery) => courier.take(d),
  };
  const placing = onePerReferral(context);
  const courier = startCourier(context, placing);
  const stop = new AbortController();
  const comparing =
    parts.compareAtStart === false ? Promise.resolve() : compareAll(context, placing, stop.signal);
  return {
    context,
    receive: (peer, parcel) => receive(context, placing, peer, parcel),
    answerSync: (peer, heads) => answerSync(context, peer, heads),
    send: (draft) => send(context, placing, draft),
    wake: () => courier.wake(),
    underway: () => courier.underway(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await courier[Symbol.asyncDispose]();
      await comparing;
    },
  };
}

/** Comparisons of one referral that are asked for meanwhile share one. */
function onePerReferral(context: ExchangeContext): Placing {
  const underway = new Map<string, Promise<boolean>>();
  return {
    compare(referralId, peer) {
      const running = underway.get(referralId);
      if (running) return running;
      if (underway.size >= limits.deliverQueueMax) return Promise.resolve(false);
      const run = compare(context, peer, referralId).finally(() => underway.delete(referralId));
      underway.set(referralId, run);
      return run;
    },
  };
}

/** After a start: every open referral, page by page; one that fails is asked
 *  again before our next message in it. */
async function compareAll(
  context: ExchangeContext,
  placing: Placing,
  signal: AbortSignal,
): Promise<void> {
  let after = '';
  let failed = 0;
  while (!signal.aborted) {
    const rows = await context.store.listUncompared(context.boot, after, limits.syncReferralsMax);
    if (rows.length === 0) break;
    for (const { referralId, partner } of rows) {
      if (signal.aborted) return;
      const member = context.members.find(partner);
      const compared = member && (await placing.compare(referralId, member).catch(() => false));
      if (!compared) failed += 1;
    }
    after = rows.at(-1)?.referralId ?? '';
  }
  context.log.info('heads-compared', { failed });
}
