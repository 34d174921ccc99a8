// Receipts: signed proof that a message was read. They never feed the fold.
import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, signJws, verifyJws } from '#crypto/jws.ts';
import type { VerifyKey } from '#crypto/keys.ts';
import { nowSeconds } from '#model/clock.ts';
import { limits } from '#model/limits.ts';
import type { Envelope, Receipt } from '#model/message.ts';
import { Refusal, unauthenticated } from '#model/refusal.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import { headOf } from './change.ts';
import { type ExchangeContext, RECEIPT_TYP } from './context.ts';
import type { OpenReferral } from './open-referral.ts';

/** All of it but the verdict. */
export function receiptFor(
  context: ExchangeContext,
  { envelope, digest }: Entry,
  thread: Thread,
  before: OpenReferral,
): Omit<Receipt, 'verdict' | 'sectionsTaken'> {
  const head = headOf(thread[before.side]);
  const read = headOf(thread[otherSide(before.side)]);
  return {
    receiver: context.organisation,
    sender: envelope.from,
    referralId: envelope.referralId,
    messageId: envelope.messageId,
    seq: envelope.seq,
    messageDigest: digest,
    receivedAt: nowSeconds(context.clock),
    ...(head && { head }),
    ...(read && { read }),
  };
}

export function signReceipt(context: ExchangeContext, receipt: Receipt): Promise<string> {
  const key = context.keyring.signing('message');
  return signJws(key, RECEIPT_TYP, context.codec.encodeReceipt(receipt));
}

/**
 * A receipt for this message, signed by its addressee.
 * @throws Refusal UNAUTHENTICATED or MALFORMED
 */
export async function verifyReceipt(
  context: Pick<ExchangeContext, 'codec'>,
  jws: string,
  keys: ReadonlyMap<string, VerifyKey>,
  message: { jws: string; envelope: Envelope },
): Promise<Receipt> {
  const { kid } = readJwsHeader(jws, limits.receiptJwsBytesMax, RECEIPT_TYP);
  const key = keys.get(kid);
  if (!key) throw unauthenticated();
  const payload = await verifyJws(jws, RECEIPT_TYP, key, limits.receiptJwsBytesMax);
  const receipt = context.codec.decodeReceipt(payload);
  const { envelope } = message;
  const fits =
    receipt.receiver === envelope.to &&
    receipt.sender === envelope.from &&
    receipt.referralId === envelope.referralId &&
    receipt.messageId === envelope.messageId &&
    receipt.seq === envelope.seq &&
    receipt.messageDigest === sha256(message.jws);
  if (!fits) throw new Refusal('MALFORMED', 'The receipt is not for the message that was sent.');
  return receipt;
}
