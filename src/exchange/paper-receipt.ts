// A receipt on paper: what was agreed, as digests and dates, signed by the
// organisation, with the registry's word about its key, all of it under a short code.
import { z } from 'zod';

import { fromBase32, toBase32 } from '#crypto/base32.ts';
import { signJws, splitJws } from '#crypto/jws.ts';
import type { SigningKey } from '#crypto/keys.ts';
import { createShortCode, openUnderCode, sealUnderCode } from '#crypto/short-code.ts';
import { PERSONAL_SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { entityId } from '#model/message.ts';
import { label } from '#model/plan/fields.ts';
import { Refusal } from '#model/refusal.ts';
import { findAttestation } from '#trust/key-attestation.ts';

export const PAPER_RECEIPT_TYP = 'srx-paper-receipt.v1+jws';
const CONTEXT = 'srx-paper-receipt.v1';

const SIGNATURE_BYTES = 64;
const VERSION = 1;
/** Padded to a multiple of this, so that the length says little. */
const PADDING_BYTES = 128;

const day = z.iso.date();

const Ending = z.strictObject({
  /** The last day. */
  until: day,
  /** Named only if the person wants it. */
  sections: z.array(z.enum(PERSONAL_SECTIONS)).min(1).optional(),
});

const Agreement = z.strictObject({
  /** SHA-256 of the signed consent record, base64url. */
  record: z.string().length(43),
  given: day,
  /** Named only if the person wants it. */
  recipient: z.strictObject({ organisation: entityId, name: label('its name') }).optional(),
  ends: z.array(Ending).min(1).max(limits.receiptEndsMax),
});

export const PaperReceipt = z.strictObject({
  iss: entityId,
  /** Whole seconds. */
  iat: z.int().min(1),
  /** Of the issuer; named only if the person wants it. */
  name: label('its name').optional(),
  agreements: z.array(Agreement).min(1).max(limits.receiptAgreementsMax),
});
export type PaperReceipt = z.infer<typeof PaperReceipt>;

export type SealedReceipt = {
  /** What the QR code holds: base 32, without a word in it. */
  text: string;
  /** Opens it; kept nowhere but on the paper. */
  code: string;
};

type Signed = { payload: Uint8Array; signature: Uint8Array };
export type ReceiptParts = { attestation: Signed; receipt: Signed };

/**
 * @param attestations what the registry says of the issuer's message keys
 * @throws Refusal UNAVAILABLE while the registry says nothing of this key; TOO_LARGE
 */
export async function sealPaperReceipt(
  receipt: PaperReceipt,
  key: SigningKey,
  attestations: readonly string[],
): Promise<SealedReceipt> {
  const { iss: organisation, iat: nowSeconds } = receipt;
  const { x } = key.publicJwk;
  const attestation = findAttestation(attestations, { organisation, x, nowSeconds });
  if (!attestation) {
    throw new Refusal(
      'UNAVAILABLE',
      'The registry does not vouch for our key now: try again when it can be reached.',
    );
  }
  const payload = Buffer.from(JSON.stringify(PaperReceipt.parse(receipt)));
  const signed = splitJws(await signJws(key, PAPER_RECEIPT_TYP, payload));
  const code = createShortCode();
  const packed = pack({ attestation, receipt: signed });
  const text = toBase32(await sealUnderCode(code, CONTEXT, packed));
  if (text.length > limits.receiptTextCharsMax) {
    throw new Refusal('TOO_LARGE', 'This is too much for one paper: print one partner at a time.');
  }
  return { text, code };
}

/** @throws Refusal MALFORMED, TOO_LARGE, UNAUTHENTICATED or UNSUPPORTED_VERSION */
export async function openPaperReceipt({ text, code }: SealedReceipt): Promise<ReceiptParts> {
  if (text.length > 2 * limits.receiptTextCharsMax) {
    throw new Refusal('TOO_LARGE', 'The text is too long for a receipt: scan the paper again.');
  }
  return unpack(await openUnderCode(code, CONTEXT, fromBase32(text)));
}

// version ‖ for each of the two: length of the payload (u16, big endian), payload,
// signature ‖ zeros.
function pack({ attestation, receipt }: ReceiptParts): Uint8Array {
  const parts = [attestation, receipt].flatMap(({ payload, signature }) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(payload.length);
    return [length, payload, signature];
  });
  const packed = Buffer.concat([Buffer.from([VERSION]), ...parts]);
  const padding = (PADDING_BYTES - (packed.length % PADDING_BYTES)) % PADDING_BYTES;
  return Buffer.concat([packed, Buffer.alloc(padding)]);
}

function unpack(bytes: Uint8Array): ReceiptParts {
  if (bytes[0] !== VERSION) {
    throw new Refusal('UNSUPPORTED_VERSION', 'The receipt was made by a newer program: update.');
  }
  const attestation = readPart(bytes, 1);
  const receipt = readPart(bytes, attestation.end);
  if (bytes.subarray(receipt.end).some((byte) => byte !== 0)) throw malformed();
  return { attestation, receipt };
}

function readPart(bytes: Uint8Array, start: number): Signed & { end: number } {
  const begin = start + 2;
  const length = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
  const end = begin + length + SIGNATURE_BYTES;
  if (length === 0 || end > bytes.length) throw malformed();
  return {
    payload: bytes.subarray(begin, begin + length),
    signature: bytes.subarray(begin + length, end),
    end,
  };
}

function malformed(): Refusal {
  return new Refusal('MALFORMED', 'What the code opens is no receipt.');
}
