import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTlsCertificate } from '#crypto/tls.ts';
import { limits } from '#model/limits.ts';
import { sealed } from '#test/exchange/forge.ts';
import { attackerAt } from './attacker.ts';
import { rowsAt, type Scene, startScene } from './scene.ts';

let scene: Scene;
let referralId: string;
/** A parcel that the receiving node would take from the insider. */
let good: string;
let before: Record<string, number>;
beforeAll(async () => {
  scene = await startScene();
  referralId = await scene.request();
  const forged = await scene.forged('referring', referralId, {
    body: { step: 'resumed', resumed: {} },
  });
  good = await sealed(await scene.forger('referring'), forged);
  before = rowsAt(scene.node('receiving'));
});
afterAll(() => scene[Symbol.asyncDispose]());

const STRANGER = {
  status: 'UNAUTHENTICATED',
  reason: 'UNAUTHENTICATED',
  message: 'This message or its sender could not be verified.',
};

describe('at the door, with a parcel that its author could deliver', () => {
  it('nobody without a certificate learns anything', async () => {
    using bare = await attackerAt(scene.node('receiving').config, null);
    expect(await bare.deliver(good)).toEqual(STRANGER);
    expect(await bare.deliver('garbage')).toEqual(STRANGER);
    expect(await bare.send('deliver', new Uint8Array([1, 2, 3]))).toEqual(STRANGER);
    expect(await bare.sync({ referrals: [] })).toEqual(STRANGER);
    expect(await bare.send('listHeads', new Uint8Array())).toEqual(STRANGER);
  });

  it('nor does the owner of a certificate that no member names', async () => {
    const notBeforeMs = scene.world.clock.now() - 3_600_000;
    const notAfterMs = notBeforeMs + 86_400_000;
    const hostNames = ['harbour-house.example', 'localhost'];
    const own = createTlsCertificate({ hostNames, notBeforeMs, notAfterMs });
    using stranger = await attackerAt(scene.node('receiving').config, own);
    expect(await stranger.deliver(good)).toEqual(STRANGER);
    expect(await stranger.sync({ referrals: [] })).toEqual(STRANGER);
  });

  it('a member does not deliver another member’s message', async () => {
    expect(await scene.meddler.attacker.deliver(good)).toEqual(STRANGER);
  });

  it('a member does not get the receipt of another member’s message that was taken', async () => {
    const [taken] = (await scene.open('receiving', referralId)).stored.messages;
    const forger = await scene.forger('meddler', 'receiving');
    const again = await sealed(forger, { jws: taken?.jws ?? '', sections: [] });
    expect(await scene.meddler.attacker.deliver(again)).toEqual(STRANGER);
    const { receipt } = await scene.insider.referring.deliver(again);
    expect(receipt).toBe(taken?.receipt);
  });

  it('a member asks in vain about a referral of two others, as about none', async () => {
    const nothing = { known: false, yours: [], mine: [], receipts: [], more: false };
    const asked = { receiptsWanted: [] };
    const none = '5b0c7a52-6d1e-4f6a-9c1d-3a2b1c0d9e8f';
    const referrals = [
      { referralId, ...asked },
      { referralId: none, ...asked },
    ];
    expect(await scene.meddler.attacker.sync({ referrals })).toEqual({
      status: 'OK',
      answer: {
        referrals: [
          { referralId, ...nothing },
          { referralId: none, ...nothing },
        ],
      },
    });
  });

  it('a member that asks for all referrals is told of its own', async () => {
    expect(await scene.meddler.attacker.listHeads('')).toMatchObject({
      status: 'OK',
      answer: { referrals: [], more: false },
    });
    const { answer } = await scene.insider.referring.listHeads('');
    expect(answer?.referrals).toMatchObject([{ referralId }]);
  });

  it('a request that is none is told so, and what it is not', async () => {
    const { referring } = scene.insider;
    expect(await referring.send('deliver', new Uint8Array([255, 255]))).toMatchObject({
      status: 'INVALID_ARGUMENT',
      reason: 'MALFORMED',
    });
    expect(await referring.send('deliver', new Uint8Array())).toMatchObject({
      status: 'INVALID_ARGUMENT',
      reason: 'SCHEMA_VIOLATION',
    });
  });

  it('what is too large is refused before a key is touched, or before it is read at all', async () => {
    const kid = 'A'.repeat(43);
    const epk = { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) };
    const header = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid, typ: 'srx-parcel+jwe', epk };
    const head = Buffer.from(JSON.stringify(header)).toString('base64url');
    const parcel = (chars: number) =>
      [head, 'A'.repeat(54), 'A'.repeat(16), 'A'.repeat(chars), 'A'.repeat(22)].join('.');
    const { referring } = scene.insider;
    // Nobody has this key: were it looked for first, the answer would be another.
    expect(await referring.deliver(parcel(limits.parcelJweBytesMax))).toEqual({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'TOO_LARGE',
      message: `The signed or sealed text is over its ${limits.parcelJweBytesMax} bytes.`,
    });
    const beyond = Buffer.alloc(limits.exchangeRequestBytesMax + 1, 0x41);
    expect(await referring.send('deliver', beyond)).toMatchObject({ status: 'RESOURCE_EXHAUSTED' });
    expect(await referring.send('deliver', Buffer.alloc(8 * 1024 * 1024))).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
    });
  });

  it('of all this nothing is stored, and the honest referral goes on', async () => {
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('a member that calls too often', () => {
  const { callsPerPeerPerSecondMax } = limits;
  afterAll(() => void Object.assign(limits, { callsPerPeerPerSecondMax }));

  it('is told to wait, and nobody else is', async () => {
    // As many as this machine can send in a moment; the node reads it when it starts.
    Object.assign(limits, { callsPerPeerPerSecondMax: 40 });
    await scene.world.federation.restart('receiving');
    const calls = Array.from({ length: 120 }, () => scene.meddler.attacker.deliver('x'));
    const answers = await Promise.all(calls);
    const reasons = new Set(answers.map(({ status, reason }) => `${status} ${reason}`));
    expect(reasons).toEqual(
      new Set(['INVALID_ARGUMENT MALFORMED', 'RESOURCE_EXHAUSTED RATE_LIMITED']),
    );
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});
