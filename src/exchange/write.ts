// A new message at the end of our own chain: built, signed, ready to commit.
import { sha256, uuid4 } from '#crypto/digest.ts';
import { signJws } from '#crypto/jws.ts';
import { nowSeconds } from '#model/clock.ts';
import type { RefusalReason } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Content, Envelope, Message, StepBody, StepName } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { headOf } from './change.ts';
import { type ExchangeContext, MESSAGE_TYP } from './context.ts';
import type { OpenReferral } from './open-referral.ts';
import type { Delivery, StoredMessage } from './ports.ts';

/** The envelope of our next message. @throws Refusal TOO_LARGE when the chain is full */
export function nextEnvelope(
  context: ExchangeContext,
  thread: Thread,
  side: Side,
  names: { messageId: string; referralId: string; to: string },
  step: StepName,
): Envelope {
  mustHaveNumber(thread[side].length + 1, step);
  const own = thread[side].at(-1);
  const sentAt = Math.max(nowSeconds(context.clock), own?.envelope.sentAt ?? 0);
  const seenHead = headOf(thread[otherSide(side)]);
  const { messageId, referralId, to } = names;
  return {
    messageId,
    referralId,
    from: context.organisation,
    to,
    seq: thread[side].length + 1,
    previous: own?.digest ?? '',
    ...(seenHead && { seen: seenHead }),
    sentAt,
    expiresAt: sentAt + limits.messageLifeSecondsMax,
  };
}

/** The last numbers of a chain are for withdrawals: refusals of what comes in must not use them up. */
function mustHaveNumber(seq: number, step: StepName): void {
  const kept = step === 'consentWithdrawn' ? 0 : limits.numbersKeptForWithdrawals;
  if (seq <= limits.messagesPerChainMax - kept) return;
  throw new Refusal('TOO_LARGE', 'This referral is full: start a new one that continues it.');
}

/**
 * Withdrawals and refusals count whatever their time, so only others ask this.
 * @throws Refusal CLOCK_OFF
 */
export function mustFollowInTime(thread: Thread, side: Side, { sentAt }: Envelope): void {
  const seen = thread[otherSide(side)].at(-1);
  if (!seen || seen.envelope.sentAt - limits.clockSkewSecondsMax <= sentAt) return;
  throw new Refusal(
    'CLOCK_OFF',
    'Our clock is more than 5 minutes behind the partner: set it by NTP, then try again.',
  );
}

export type Written = { entry: Entry; stored: StoredMessage; delivery: Delivery };

/** Signs it. The delivery is leased to this process at once. */
export async function write(
  context: ExchangeContext,
  message: Message,
  by: { staffId: string; role: string } | null,
): Promise<Written> {
  const key = context.keyring.signing('message');
  const jws = await signJws(key, MESSAGE_TYP, context.codec.encodeMessage(message));
  if (jws.length > limits.messageJwsBytesMax) {
    throw new Refusal('TOO_LARGE', 'The message is too large: send fewer sections or grants.');
  }
  const digest = sha256(jws);
  const nowMs = context.clock.now();
  const { sections, grants, body, ...envelope } = message;
  const content: Content = { sections, grants, body };
  const { referralId, messageId, seq, to } = envelope;
  return {
    entry: { digest, envelope, content },
    stored: {
      referralId,
      partner: to,
      author: 'own',
      seq,
      messageId,
      digest,
      jws,
      placement: 'placed',
      receipt: null,
      storedAtMs: nowMs,
      receiptAtMs: null,
      byStaff: by?.staffId ?? null,
      byRole: by?.role ?? null,
    },
    delivery: {
      referralId,
      seq,
      overtakes: body.step === 'consentWithdrawn',
      dueAtMs: nowMs,
      leasedUntilMs: nowMs + limits.deliverLeaseMs,
      attempts: 0,
    },
  };
}

/** Our own refusal of a message that now has its place. */
export function refusalOf(
  context: ExchangeContext,
  before: OpenReferral,
  placed: Thread,
  refused: Envelope,
  reason: RefusalReason,
): Promise<Written> {
  const digest = placed[otherSide(before.side)][refused.seq - 1]?.digest ?? '';
  // It reads up to the refused message only: a refusal is the first sight of it.
  const upTo = {
    ...placed,
    [otherSide(before.side)]: placed[otherSide(before.side)].slice(0, refused.seq),
  };
  const names = { messageId: uuid4(), referralId: refused.referralId, to: refused.from };
  const envelope = nextEnvelope(context, upTo, before.side, names, 'refused');
  const body = { step: 'refused', refused: { seq: refused.seq, digest, reason } } as const;
  return write(context, { ...envelope, sections: [], grants: [], body }, null);
}

/** Our own refusal of a package that is not what its consent receipt says. */
export function packageRefusalOf(
  context: ExchangeContext,
  placed: Thread,
  side: Side,
  refused: Envelope,
  fault: StepBody<'packageRefused'>['fault'],
): Promise<Written> {
  const names = { messageId: uuid4(), referralId: refused.referralId, to: refused.from };
  const envelope = nextEnvelope(context, placed, side, names, 'packageRefused');
  const packageRefused = { packageSeq: refused.seq, fault };
  const body = { step: 'packageRefused', packageRefused } as const;
  return write(context, { ...envelope, sections: [], grants: [], body }, null);
}
