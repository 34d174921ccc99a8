import { beforeAll, describe, expect, it } from 'vitest';

import { sha256 } from '#crypto/digest.ts';
import { joinJws, signJws, splitJws } from '#crypto/jws.ts';
import { createSigningKey, importVerifyKey, type SigningKey } from '#crypto/keys.ts';
import {
  openPaperReceipt,
  type PaperReceipt,
  type ReceiptParts,
  type SealedReceipt,
  sealPaperReceipt,
} from '#exchange/paper-receipt.ts';
import { verifyPaperReceipt, verifyReceiptParts } from '#exchange/verify-paper-receipt.ts';
import { limits } from '#model/limits.ts';
import { KEY_ATTESTATION_TYP, signKeyAttestation } from '#trust/key-attestation.ts';
import type { Anchor } from '#trust/verify-chain.ts';

const NOW = 1_800_000_000;
const LIFE = limits.statementLifeSecondsMax;
const ISSUER = 'https://harbour.example';
const REGISTRY = 'https://registry.example';

let registry: SigningKey;
let message: SigningKey;
let stranger: SigningKey;
let anchor: Anchor;
let attestation: string;
let sealed: SealedReceipt;

const receipt: PaperReceipt = {
  iss: ISSUER,
  iat: NOW,
  agreements: [
    { record: sha256('a record'), given: '2027-01-15', ends: [{ until: '2027-02-14' }] },
  ],
};

function attest(by: SigningKey, changed: Partial<Parameters<typeof signKeyAttestation>[1]> = {}) {
  const at = { superior: REGISTRY, subject: ISSUER, messageKey: message.publicJwk };
  return signKeyAttestation(by, { ...at, nowSeconds: NOW, ...changed });
}

/** A receipt that says this, signed by that key, whatever the program would have done. */
async function forge(claims: object, key = message, about = attestation, typ?: string) {
  const payload = Buffer.from(JSON.stringify(claims));
  const signed = await signJws(key, typ ?? 'srx-paper-receipt.v1+jws', payload);
  return { attestation: splitJws(about), receipt: splitJws(signed) };
}

const verified = (parts: ReceiptParts, now = NOW) => verifyReceiptParts(parts, anchor, now);

beforeAll(async () => {
  [registry, message, stranger] = [
    await createSigningKey(),
    await createSigningKey(),
    await createSigningKey(),
  ];
  anchor = { entityId: REGISTRY, keys: [await importVerifyKey(registry.publicJwk)] };
  attestation = await attest(registry);
  sealed = await sealPaperReceipt(receipt, message, [attestation]);
});

describe('a paper receipt', () => {
  it('is verified years later with the pinned key of the registry and nothing else', async () => {
    const years = 5 * 365 * LIFE;
    expect(await verifyPaperReceipt(sealed, anchor, NOW + years)).toEqual({
      receipt,
      attestedBy: REGISTRY,
      kid: message.kid,
    });
  });

  it('is a text without a word in it: nobody, no date and no program can be read', async () => {
    expect(sealed.text).toMatch(/^[0-9A-HJKMNP-TV-Z]+$/);
    const again = await sealPaperReceipt(receipt, message, [attestation]);
    expect(again.code).not.toBe(sealed.code);
    expect(again.text).toHaveLength(sealed.text.length);
    // Not even a common beginning, by which a scanner's owner could tell the kind.
    expect(again.text.slice(0, 8)).not.toBe(sealed.text.slice(0, 8));
    await expect(openPaperReceipt({ ...sealed, code: again.code })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('fits in a QR code with four agreements', async () => {
    const four = { ...receipt, agreements: Array(4).fill(receipt.agreements[0]) };
    const { text } = await sealPaperReceipt(four, message, [attestation]);
    expect(text.length).toBeLessThan(limits.receiptTextCharsMax);
  });

  it('is not made while the registry does not vouch for the key that signs', async () => {
    const others = [
      await attest(registry, { messageKey: stranger.publicJwk }),
      await attest(registry, { subject: 'https://other.example' }),
      await attest(registry, { nowSeconds: NOW - LIFE }),
    ];
    for (const attestations of [[], ...others.map((one) => [one])]) {
      await expect(sealPaperReceipt(receipt, message, attestations)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
    }
  });

  it('is refused where another than the pinned registry attests the key', async () => {
    await expect(
      verified(await forge(receipt, message, await attest(stranger))),
    ).rejects.toMatchObject({ reason: 'signature' });
    const other = await attest(registry, { superior: 'https://registry.other' });
    await expect(verified(await forge(receipt, message, other))).rejects.toMatchObject({
      reason: 'anchor',
    });
  });

  it('is refused under a key that is not the attested one', async () => {
    await expect(verified(await forge(receipt, stranger))).rejects.toMatchObject({
      reason: 'signature',
    });
  });

  it('is refused where what signed it was a message, and where a message attests', async () => {
    const asMessage = await forge(receipt, message, attestation, 'srx-message.v1+jws');
    await expect(verified(asMessage)).rejects.toMatchObject({ reason: 'signature' });
    const { payload } = splitJws(attestation);
    const statement = await signJws(registry, 'entity-statement+jwt', payload);
    await expect(verified(await forge(receipt, message, statement))).rejects.toMatchObject({
      reason: 'signature',
    });
  });

  it('is refused in the name of another member', async () => {
    const other = { ...receipt, iss: 'https://other.example' };
    await expect(verified(await forge(other))).rejects.toMatchObject({ reason: 'key-not-named' });
  });

  it('is refused outside of the day for which its key was attested', async () => {
    for (const iat of [NOW - limits.clockSkewSecondsMax - 1, NOW + LIFE]) {
      await expect(
        verified(await forge({ ...receipt, iat }), NOW + 2 * LIFE),
        String(iat),
      ).rejects.toMatchObject({ reason: 'expired' });
    }
    const edge = await forge({ ...receipt, iat: NOW + LIFE - 1 });
    expect((await verified(edge, NOW + 2 * LIFE)).receipt.iat).toBe(NOW + LIFE - 1);
  });

  it('is refused from the future', async () => {
    const parts = await forge(receipt);
    await expect(verified(parts, NOW - 301)).rejects.toMatchObject({ reason: 'not-yet-valid' });
    await verified(parts, NOW - 300);
  });

  it('is refused where the attestation would live longer than a day', async () => {
    const { payload } = splitJws(attestation);
    const claims = JSON.parse(Buffer.from(payload).toString());
    const long = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 }));
    const about = await signJws(registry, KEY_ATTESTATION_TYP, long);
    await expect(verified(await forge(receipt, message, about))).rejects.toMatchObject({
      reason: 'life',
    });
  });

  it('is refused with one changed byte of what was signed', async () => {
    const parts = await openPaperReceipt(sealed);
    for (const name of ['attestation', 'receipt'] as const) {
      for (const kind of ['payload', 'signature'] as const) {
        const bytes = parts[name][kind];
        const at = bytes.length - 3;
        const bent = bytes.with(at, (bytes[at] ?? 0) ^ 1);
        const changed = { ...parts, [name]: { ...parts[name], [kind]: bent } };
        await expect(verified(changed), `${name} ${kind}`).rejects.toMatchObject({
          code: 'TRUST_FAILED',
        });
      }
    }
  });

  it('is refused where a claim is more, less or of another form', async () => {
    for (const claims of [
      { ...receipt, more: 1 },
      { ...receipt, agreements: [] },
      { ...receipt, agreements: [{ ...receipt.agreements[0], given: 'yesterday' }] },
    ]) {
      await expect(verified(await forge(claims))).rejects.toMatchObject({ reason: 'claims' });
    }
  });

  it('rebuilds the header that was signed, byte for byte', () => {
    const { payload, signature } = splitJws(attestation);
    expect(joinJws(registry.kid, KEY_ATTESTATION_TYP, payload, signature)).toBe(attestation);
  });
});
