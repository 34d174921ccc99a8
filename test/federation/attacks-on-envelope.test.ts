import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fromBase64url } from '#crypto/digest.ts';
import { seal } from '#crypto/jwe.ts';
import { createSigningKey, type SigningKey } from '#crypto/keys.ts';
import { type Forged, type Forger, sealed } from '#test/exchange/forge.ts';
import { delimited, joined, numeric } from '#test/vectors/protobuf-bytes.ts';
import { type SealedHeader, sealByHand } from '#test/vectors/seal-by-hand.ts';
import type { Answer } from './attacker.ts';
import { filledUp, flipped, headerOf, reheaded, signedUnder } from './bent.ts';
import { rowsAt, type Scene, startScene } from './scene.ts';

let scene: Scene;
let referralId: string;
let forger: Forger;
/** What the receiving node would take, were nothing bent. */
let forged: Forged;
let good: string;
let before: Record<string, number>;
beforeAll(async () => {
  scene = await startScene();
  referralId = await scene.request();
  forger = await scene.forger('referring');
  forged = await scene.forged('referring', referralId, { body: { step: 'resumed', resumed: {} } });
  good = await sealed(forger, forged);
  before = rowsAt(scene.node('receiving'));
});
afterAll(() => scene[Symbol.asyncDispose]());

const MALFORMED = { status: 'INVALID_ARGUMENT', reason: 'MALFORMED' };
const ALG = { status: 'INVALID_ARGUMENT', reason: 'ALG_NOT_ALLOWED' };
const SCHEMA = { status: 'INVALID_ARGUMENT', reason: 'SCHEMA_VIOLATION' };
const STRANGER = { status: 'UNAUTHENTICATED', reason: 'UNAUTHENTICATED' };
const RETIRED = { status: 'FAILED_PRECONDITION', reason: 'ENCRYPTION_KEY_RETIRED' };
const LARGE = { status: 'RESOURCE_EXHAUSTED', reason: 'TOO_LARGE' };

function encryptionJwk() {
  const [jwk] = scene.keyring('receiving').publicJwks('encryption');
  if (!jwk) throw new Error('the receiving node has a key to seal to');
  return jwk;
}

async function receiptOfTheirs(): Promise<string> {
  return (await scene.open('receiving', referralId)).stored.messages[0]?.receipt ?? '';
}

/** The order of the group of Ed25519 (RFC 8032 section 5.1). */
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

/** S + L is as good as S to a verifier that does not check the range (section 5.1.7). */
function malleated(jws: string): string {
  const [head, body, signature = ''] = jws.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  let scalar = BigInt(`0x${Buffer.from(bytes.subarray(32).toReversed()).toString('hex')}`) + ORDER;
  for (let i = 32; i < 64; i += 1, scalar >>= 8n) bytes[i] = Number(scalar & 0xffn);
  return [head, body, bytes.toString('base64url')].join('.');
}

/** What is answered to the text cut off: everywhere at its ends, at every third place between. */
async function everyCut(text: string, make: (cut: string) => Promise<string>) {
  const ends = 150;
  const places = Array.from({ length: text.length - 1 }, (_, i) => i + 1).filter(
    (i) => i % 3 === 0 || i < ends || i > text.length - ends,
  );
  const answers = new Set<string>();
  for (let i = 0; i < places.length; i += 25) {
    const batch = places.slice(i, i + 25).map(async (place) => {
      const parcel = await make(text.slice(0, place));
      const { status, reason } = await scene.insider.referring.deliver(parcel);
      answers.add(`${status} ${reason}`);
    });
    await Promise.all(batch);
  }
  return answers;
}

type Attack = [name: string, make: () => string | Promise<string>, answer: Answer];

function each(attacks: readonly Attack[]): void {
  it.each(attacks)('%s', async (_, make, answer) => {
    expect(await scene.insider.referring.deliver(await make())).toMatchObject(answer);
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });
}

describe('the sealed text is refused', () => {
  const head = (change: Record<string, unknown>) => () =>
    reheaded(good, (header) => ({ ...header, ...change }));
  const epk = (change: Record<string, unknown>) => () =>
    reheaded(good, (header) => ({ ...header, epk: { ...(header['epk'] as object), ...change } }));
  /** Sealed in truth under such a header, not only changed afterwards. */
  const trulyUnder = (bend: (header: SealedHeader) => string | Record<string, unknown>) => () =>
    sealByHand('attack', encryptionJwk(), filledUp(delimited(1, forged.jws)), bend);
  const truly = (change: Record<string, unknown>) =>
    trulyUnder((header) => ({ ...header, ...change }));
  const without = (member: string) =>
    trulyUnder((header) =>
      Object.fromEntries(Object.entries(header).filter(([name]) => name !== member)),
    );

  each([
    ['with alg none', head({ alg: 'none' }), ALG],
    ['with alg dir', head({ alg: 'dir' }), ALG],
    ['with alg RSA-OAEP', head({ alg: 'RSA-OAEP' }), ALG],
    ['with alg ECDH-ES', head({ alg: 'ECDH-ES' }), ALG],
    ['with alg PBES2', head({ alg: 'PBES2-HS256+A128KW', p2c: 2_000_000_000, p2s: 'AA' }), ALG],
    ['with enc A128GCM', head({ enc: 'A128GCM' }), ALG],
    ['with enc A256CBC-HS512', head({ enc: 'A256CBC-HS512' }), ALG],
    ['without enc', without('enc'), ALG],
    ['with an ephemeral key on P-256', epk({ kty: 'EC', crv: 'P-256' }), ALG],
    ['with an ephemeral key on Ed25519', epk({ crv: 'Ed25519' }), ALG],
    ['with an ephemeral key of small order', epk({ x: 'A'.repeat(43) }), MALFORMED],
    ['with an ephemeral key and its private part', epk({ d: 'A'.repeat(43) }), MALFORMED],
    ['without an ephemeral key', without('epk'), MALFORMED],
    ['with jwk', truly({ jwk: {} }), MALFORMED],
    ['with jku', truly({ jku: 'https://keys.example' }), MALFORMED],
    ['with x5u', truly({ x5u: 'https://keys.example' }), MALFORMED],
    ['with x5c', truly({ x5c: ['AA'] }), MALFORMED],
    ['with zip', truly({ zip: 'DEF' }), MALFORMED],
    ['with crit', truly({ crit: ['exp'], exp: 1 }), MALFORMED],
    ['with apu, though sealed with it', truly({ apu: 'AAAA' }), MALFORMED],
    ['with a member of the sender’s own', truly({ hello: 'there' }), MALFORMED],
    ['with the typ of a message', truly({ typ: 'srx-message.v1+jws' }), MALFORMED],
    ['without typ', without('typ'), MALFORMED],
    [
      'with a member twice',
      trulyUnder((header) => JSON.stringify(header).replace('{', '{"alg":"none",')),
      MALFORMED,
    ],
    ['with a header that is no object', () => reheaded(good, () => '[]'), MALFORMED],
    ['with a header that is no JSON', () => reheaded(good, () => 'nothing'), MALFORMED],
    ['for a key that nobody has', head({ kid: 'A'.repeat(43) }), RETIRED],
    [
      'for the key that the node signs with',
      () => head({ kid: scene.keyring('receiving').signing('message').kid })(),
      RETIRED,
    ],
    ['without kid', without('kid'), MALFORMED],
    ['with another wrapped key', () => flipped(good, 1), MALFORMED],
    ['with another vector', () => flipped(good, 2), MALFORMED],
    ['with other ciphertext', () => flipped(good, 3), MALFORMED],
    ['with another tag', () => flipped(good, 4), MALFORMED],
    ['with padding of base64', () => `${good}=`, MALFORMED],
    ['with a line break', () => `${good}\n`, MALFORMED],
    ['with a sixth part', () => `${good}.AAAA`, MALFORMED],
    ['as garbage', () => 'not a parcel', MALFORMED],
    ['as dots', () => '....', MALFORMED],
    ['as JSON', () => JSON.stringify({ ciphertext: good }), MALFORMED],
  ]);

  it('cut off anywhere', async () => {
    const answers = await everyCut(good, (cut) => Promise.resolve(cut));
    expect([...answers]).toEqual(['INVALID_ARGUMENT MALFORMED']);
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });
});

describe('the parcel inside is refused', () => {
  const holding = (bytes: () => Uint8Array) => () => seal(forger.to.sealingKey, bytes());
  const section = (...fields: Buffer[]) => delimited(2, joined(...fields));
  const whole = () => delimited(1, forged.jws);
  const minimum = [numeric(1, 1), delimited(2, Buffer.alloc(32, 1)), delimited(3, '{}')] as const;

  each([
    ['of a size that is no class', holding(() => filledUp(whole(), 4095)), MALFORMED],
    ['beyond the largest class', holding(() => Buffer.alloc(256 * 1024 + 1)), LARGE],
    [
      'padded with what is not zero',
      holding(() => filledUp(whole()).map((b, i, a) => (i === a.length - 1 ? 1 : b))),
      SCHEMA,
    ],
    [
      'with a field that is not known',
      holding(() => filledUp(joined(whole(), delimited(9, 'x')))),
      SCHEMA,
    ],
    ['without a message', holding(() => filledUp(joined())), SCHEMA],
    ['of noise', holding(() => Buffer.alloc(4096, 0xff)), MALFORMED],
    [
      'with a section twice',
      holding(() => filledUp(joined(whole(), section(...minimum), section(...minimum)))),
      SCHEMA,
    ],
    [
      'with a section of no name',
      holding(() => filledUp(joined(whole(), section(...minimum.slice(1))))),
      SCHEMA,
    ],
    [
      'with a salt that is short',
      holding(() =>
        filledUp(joined(whole(), section(minimum[0], delimited(2, 'short'), minimum[2]))),
      ),
      SCHEMA,
    ],
  ]);
});

describe('the signed text inside is refused', () => {
  const inside = (make: () => string | Promise<string>) => async () =>
    sealed(forger, { jws: await make(), sections: [] });
  const payload = () => forged.jws.split('.')[1] ?? '';
  const key = () => forger.signingKey;
  /** Rightly signed under that header. */
  const under = (change: Record<string, unknown>, by: () => SigningKey = key) =>
    inside(() => signedUnder({ ...headerOf(forged.jws), ...change }, payload(), by()));
  const without = (member: string) =>
    inside(() => {
      const header = headerOf(forged.jws);
      delete header[member];
      return signedUnder(header, payload(), key());
    });
  const unsigned = (alg: string, signature: string) =>
    inside(
      () =>
        `${reheaded(forged.jws, (header) => ({ ...header, alg }))
          .split('.')
          .slice(0, 2)
          .join('.')}.${signature}`,
    );

  each([
    ['with alg none and no signature', unsigned('none', ''), ALG],
    ['with alg NoNe', unsigned('NoNe', ''), ALG],
    ['with alg none and a signature', under({ alg: 'none' }), ALG],
    ['with HS256 by the public key', inside(hs256), ALG],
    ['with ES256, truly signed on P-256', inside(es256), ALG],
    ['with EdDSA, the name of another standard', under({ alg: 'EdDSA' }), ALG],
    ['with enc beside alg', under({ enc: 'A256GCM' }), ALG],
    [
      'with jwk, its own key',
      under({ jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } }),
      MALFORMED,
    ],
    ['with jku', under({ jku: 'https://keys.example' }), MALFORMED],
    ['with x5u', under({ x5u: 'https://keys.example' }), MALFORMED],
    ['with x5c', under({ x5c: ['AA'] }), MALFORMED],
    ['with x5t', under({ x5t: 'AA' }), MALFORMED],
    ['with zip', under({ zip: 'DEF' }), MALFORMED],
    ['with crit', under({ crit: ['exp'], exp: 1 }), MALFORMED],
    ['with b64 false', under({ b64: false, crit: ['b64'] }), MALFORMED],
    ['with a member of the sender’s own', under({ hello: 'there' }), MALFORMED],
    ['with the typ of a receipt', under({ typ: 'srx-receipt.v1+jws' }), MALFORMED],
    ['with the typ of a statement', under({ typ: 'entity-statement+jwt' }), MALFORMED],
    ['with the typ of version 2', under({ typ: 'srx-message.v2+jws' }), MALFORMED],
    ['without typ', without('typ'), MALFORMED],
    ['without kid', without('kid'), MALFORMED],
    ['with a kid that is no thumbprint', under({ kid: '../../etc' }), MALFORMED],
    ['that is a receipt', inside(receiptOfTheirs), MALFORMED],
    [
      'with an empty signature',
      inside(() => `${forged.jws.split('.').slice(0, 2).join('.')}.`),
      MALFORMED,
    ],
    ['with a signature of 63 bytes', inside(() => forged.jws.slice(0, -2)), MALFORMED],
    [
      'in the JSON form',
      inside(() => JSON.stringify({ payload: payload(), signatures: [] })),
      MALFORMED,
    ],
    ['with the payload detached', inside(() => forged.jws.replace(payload(), '')), SCHEMA],
    [
      'of 33 KiB',
      () =>
        seal(
          forger.to.sealingKey,
          filledUp(delimited(1, `${forged.jws}${'A'.repeat(33 * 1024)}`), 65_536),
        ),
      SCHEMA,
    ],
  ]);

  it('cut off anywhere', async () => {
    const answers = await everyCut(forged.jws, (jws) => sealed(forger, { jws, sections: [] }));
    expect([...answers]).toEqual(['INVALID_ARGUMENT MALFORMED']);
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });

  function hs256(): string {
    const x = scene.keyring('referring').publicJwks('message')[0]?.x ?? '';
    const [head, body] = reheaded(forged.jws, (h) => ({ ...h, alg: 'HS256' })).split('.');
    const mac = createHmac('sha256', fromBase64url(x)).update(`${head}.${body}`);
    // As long as a signature, so that its length does not give it away.
    return `${head}.${body}.${Buffer.concat([mac.digest(), Buffer.alloc(32)]).toString('base64url')}`;
  }

  async function es256(): Promise<string> {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const [head, body] = reheaded(forged.jws, (h) => ({ ...h, alg: 'ES256' })).split('.');
    const how = { name: 'ECDSA', hash: 'SHA-256' };
    const signature = await crypto.subtle.sign(
      how,
      pair.privateKey,
      Buffer.from(`${head}.${body}`),
    );
    return `${head}.${body}.${Buffer.from(signature).toString('base64url')}`;
  }
});

describe('the signature is refused, and who was at fault is not told', () => {
  const inside = (make: () => string | Promise<string>) => async () =>
    sealed(forger, { jws: await make(), sections: [] });
  const payload = () => forged.jws.split('.')[1] ?? '';

  each([
    ['of another message', inside(signatureOfAnother), STRANGER],
    ['bent by one character', inside(() => flipped(forged.jws, 2)), STRANGER],
    ['with the order of the group added to it', inside(() => malleated(forged.jws)), STRANGER],
    [
      'of a stranger’s key under the member’s kid',
      inside(async () => signedUnder(headerOf(forged.jws), payload(), await createSigningKey())),
      STRANGER,
    ],
    [
      'of a stranger’s key under its own kid',
      inside(async () => {
        const stranger = await createSigningKey();
        return signedUnder({ ...headerOf(forged.jws), kid: stranger.kid }, payload(), stranger);
      }),
      STRANGER,
    ],
    [
      'of another member',
      inside(() => {
        const other = scene.meddler.keyring.signing('message');
        return signedUnder({ ...headerOf(forged.jws), kid: other.kid }, payload(), other);
      }),
      STRANGER,
    ],
    [
      'of the member’s key for statements',
      inside(() => {
        const own = scene.keyring('referring').signing('federation');
        return signedUnder({ ...headerOf(forged.jws), kid: own.kid }, payload(), own);
      }),
      STRANGER,
    ],
  ]);

  async function signatureOfAnother(): Promise<string> {
    const other = await scene.forged('referring', referralId, {
      body: { step: 'failed', failed: {} },
    });
    const [head, body] = forged.jws.split('.');
    return [head, body, other.jws.split('.')[2]].join('.');
  }
});

it('of all this nothing is stored, and the honest referral goes on', async () => {
  expect(rowsAt(scene.node('receiving'))).toEqual(before);
  expect(await scene.goesOn(referralId)).toBe('requested');
});
