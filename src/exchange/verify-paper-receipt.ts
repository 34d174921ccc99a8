// Whether a paper receipt holds, with nothing but the registry's pinned keys: from
// the anchor to the issuer's key, from that key to what was agreed.
import { joinJws, verifyJws } from '#crypto/jws.ts';
import { readStrictJsonObject } from '#crypto/strict-json.ts';
import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import { verifyKeyAttestation } from '#trust/key-attestation.ts';
import { TrustFailure } from '#trust/trust-failure.ts';
import type { Anchor } from '#trust/verify-chain.ts';

import {
  openPaperReceipt,
  PAPER_RECEIPT_TYP,
  PaperReceipt,
  type ReceiptParts,
  type SealedReceipt,
} from './paper-receipt.ts';

export type VerifiedReceipt = {
  receipt: PaperReceipt;
  /** The registry that vouches for the issuer's key. */
  attestedBy: string;
  /** kid of that key. */
  kid: string;
};

/**
 * It says what was agreed on that day. A later no is not on the paper.
 * @throws Refusal as openPaperReceipt; TrustFailure with its reason
 */
export async function verifyPaperReceipt(
  sealed: SealedReceipt,
  anchor: Anchor,
  nowSeconds: number,
): Promise<VerifiedReceipt> {
  return verifyReceiptParts(await openPaperReceipt(sealed), anchor, nowSeconds);
}

/** The same for what the code has opened. @throws TrustFailure with its reason */
export async function verifyReceiptParts(
  { attestation, receipt: signed }: ReceiptParts,
  anchor: Anchor,
  nowSeconds: number,
): Promise<VerifiedReceipt> {
  const attested = await verifyKeyAttestation(attestation, anchor);
  const receipt = await readSigned(signed, attested.key);
  if (receipt.iss !== attested.organisation) {
    throw new TrustFailure('key-not-named', 'The receipt is signed by another than its issuer.');
  }
  const earliest = attested.fromSeconds - limits.clockSkewSecondsMax;
  if (receipt.iat < earliest || receipt.iat >= attested.untilSeconds) {
    throw new TrustFailure('expired', 'The key was not attested when the receipt was signed.');
  }
  if (receipt.iat > nowSeconds + limits.clockSkewSecondsMax) {
    throw new TrustFailure('not-yet-valid', 'The receipt is from the future: compare clocks.');
  }
  return { receipt, attestedBy: anchor.entityId, kid: attested.key.kid };
}

async function readSigned(
  { payload, signature }: { payload: Uint8Array; signature: Uint8Array },
  key: Parameters<typeof verifyJws>[2],
): Promise<PaperReceipt> {
  const jws = joinJws(key.kid, PAPER_RECEIPT_TYP, payload, signature);
  try {
    await verifyJws(jws, PAPER_RECEIPT_TYP, key, limits.receiptJwsBytesMax);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new TrustFailure('signature', 'The signature of the receipt is wrong.', { cause });
  }
  const parsed = PaperReceipt.safeParse(readStrictJsonObject(payload));
  if (parsed.success) return parsed.data;
  throw new TrustFailure('claims', 'The receipt is signed but not in its form.');
}
