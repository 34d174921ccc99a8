// Brings stored messages to their addressees until a receipt is there: leased,
// the same signed bytes sealed afresh, with backoff and jitter.
import { uuid7 } from '#crypto/digest.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { Member } from '#trust/member.ts';
import type { Placing } from './arrived.ts';
import { trackingEvent } from './change.ts';
import type { ExchangeContext } from './context.ts';
import { entryOf, placedOf } from './open-referral.ts';
import { loadOpen, sealMessage } from './parcel.ts';
import type { Delivery, StoredMessage } from './ports.ts';
import { verifyReceipt } from './receipt.ts';

/** One try. True when the receipt is stored; false: the next try is due later. */
export async function deliverOnce(
  context: ExchangeContext,
  placing: Placing,
  delivery: Delivery,
): Promise<boolean> {
  using watch = context.recall.watch(delivery.referralId);
  const referral = await loadOpen(context, delivery.referralId);
  const at = delivery.seq - 1;
  const message = placedOf(referral.stored.messages, 'own')[at];
  const entry = referral.thread[referral.side][at];
  const { row } = referral.stored;
  if (!message || !entry || !row) return true;
  const member = context.members.find(row.partner);
  try {
    if (!member) throw new Refusal('NOT_A_MEMBER', 'The partner is no live member now.');
    const { envelope, content } = entry;
    const parcel = await sealMessage(context, member, referral, message);
    const signal = content?.sections.length ? watch.signal : undefined;
    if (signal?.aborted) throw new Refusal('UNAVAILABLE', 'The person withdrew meanwhile.');
    const jws = await context.transport.deliver(member, parcel, signal);
    const about = { jws: message.jws, envelope };
    const { verdict } = await verifyReceipt(context, jws, member.messageKeys, about);
    const event = trackingEvent(context, 'receipt-verified', row, entry);
    const { referralId, seq } = delivery;
    await context.store.storeReceipt(referralId, seq, jws, context.clock.now(), [event]);
    context.onEvents();
    // Here it counts: the partner knows of something that we do not, say of a fork.
    // Asked once for each message, or it might be sent and voided for ever.
    if (verdict === 'void' && message.receipt === null)
      void placing.compare(referralId, member).catch(() => false);
    return true;
  } catch (error) {
    await tryLater(context, placing, delivery, message, error, member);
    return false;
  }
}

async function tryLater(
  context: ExchangeContext,
  placing: Placing,
  delivery: Delivery,
  message: StoredMessage,
  error: unknown,
  member: Member | undefined,
): Promise<void> {
  const code = error instanceof Refusal ? error.code : 'INTERNAL';
  const { referralId, seq, attempts } = delivery;
  context.log.warn('delivery-postponed', { referralId, seq, attempts, code });
  await sayWhenExpired(context, delivery, message);
  await context.store.postponeDelivery(referralId, seq, context.clock.now() + backoffMs(delivery));
  if (!(error instanceof Refusal) || !member) return;
  // A retired key may mean that they have it already; a gap or a fork, that one
  // of us has lost something. Ask before sealing again.
  if (['SYNC_FIRST', 'CHAIN_FORK', 'ENCRYPTION_KEY_RETIRED'].includes(error.code)) {
    await placing.compare(referralId, member).catch(() => false);
  }
}

/** A person has to know; the message still travels, to take its number. */
async function sayWhenExpired(
  context: ExchangeContext,
  delivery: Delivery,
  message: StoredMessage,
): Promise<void> {
  const entry = entryOf(message, context.codec);
  if (entry.envelope.expiresAt >= nowSeconds(context.clock)) return;
  const { row } = await context.store.load(delivery.referralId);
  if (!row) return;
  const { referralId, seq } = delivery;
  const createdAtMs = context.clock.now();
  const task = { taskId: uuid7(createdAtMs), referralId, kind: 'not-delivered', createdAtMs };
  const event = trackingEvent(context, 'not-delivered', row, entry);
  await context.store.reportUndelivered(referralId, seq, [task], [event]);
  context.onEvents();
}

/** Full jitter over the second half of the step, so that nodes do not march in step. */
function backoffMs({ attempts, overtakes }: Delivery): number {
  const steps = overtakes ? limits.withdrawalBackoffMs : limits.deliverBackoffMs;
  const step = steps[Math.min(attempts, steps.length - 1)] ?? 0;
  return Math.round(step / 2 + (Math.random() * step) / 2);
}
