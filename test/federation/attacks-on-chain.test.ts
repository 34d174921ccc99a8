import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64url, uuid4 } from '#crypto/digest.ts';
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { importSealingKey } from '#crypto/keys.ts';
import { reason as reasonOf } from '#deploy/demo/contents.ts';
import type { RefusalReason } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Message } from '#model/message.ts';
import { type Forged, forge, type Parts, sealed } from '#test/exchange/forge.ts';
import { delimited, numeric, varint } from '#test/vectors/protobuf-bytes.ts';
import { codec } from '#wire/codec.ts';
import { fieldsOf, headerOf, signedUnder } from './bent.ts';
import { bothDigests, rowsAt, type Scene, startScene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const RESUMED: Parts = { body: { step: 'resumed', resumed: {} } };
const now = () => Math.floor(scene.world.clock.now() / 1000);

async function give(forged: Pick<Forged, 'jws' | 'sections'>) {
  return scene.insider.referring.deliver(await sealed(await scene.forger('referring'), forged));
}

function receiptIn({ receipt }: { receipt?: string }) {
  return codec.decodeReceipt(readUnverifiedPayload(receipt ?? ''));
}

describe('the same message again', () => {
  it('has the stored receipt, byte for byte, sealed anew and after a restart too', async () => {
    const referralId = await scene.request();
    const [taken] = (await scene.open('receiving', referralId)).stored.messages;
    const before = rowsAt(scene.node('receiving'));
    const parcel = await sealed(await scene.forger('referring'), {
      jws: taken?.jws ?? '',
      sections: [],
    });
    const again = await Promise.all(
      Array.from({ length: 5 }, () => scene.insider.referring.deliver(parcel)),
    );
    await scene.world.federation.restart('receiving');
    again.push(await scene.insider.referring.deliver(parcel));
    again.push(await give({ jws: taken?.jws ?? '', sections: [] }));
    expect(new Set(again.map(({ receipt }) => receipt))).toEqual(new Set([taken?.receipt]));
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('rejected, and nothing is stored: a message', () => {
  let referralId: string;
  let other: string;
  beforeAll(async () => {
    referralId = await scene.request();
    other = await scene.request();
  });
  const digest = 'A'.repeat(43);
  const SYNC = { status: 'FAILED_PRECONDITION', reason: 'SYNC_FIRST' };
  const FORK = { status: 'ABORTED', reason: 'CHAIN_FORK' };
  const OFF = { status: 'FAILED_PRECONDITION', reason: 'CLOCK_OFF' };
  const AUDIENCE = { status: 'PERMISSION_DENIED', reason: 'AUDIENCE_MISMATCH' };

  it.each<[string, () => Partial<Message> | Promise<Partial<Message>>, object]>([
    ['beyond a gap', () => ({ seq: 5 }), SYNC],
    ['far beyond a gap', () => ({ seq: limits.messagesPerChainMax }), SYNC],
    ['that does not follow the last one', () => ({ previous: digest }), SYNC],
    ['that follows nothing', () => ({ previous: '' }), SYNC],
    ['that has seen more than there is', () => ({ seen: { seq: 7, digest } }), SYNC],
    ['from ten minutes ahead', () => ({ sentAt: now() + 600, expiresAt: now() + 700 }), OFF],
    ['with the id of another', async () => ({ messageId: await idOfFirst(referralId) }), FORK],
    ['with an id from another referral', async () => ({ messageId: await idOfFirst(other) }), FORK],
    ['to another member', () => ({ to: 'https://meddler.example' }), AUDIENCE],
    ['to its own author', () => ({ to: 'https://harbour-house.example' }), AUDIENCE],
  ])('%s', async (_, change, answer) => {
    const before = rowsAt(scene.node('receiving'));
    const parts = { ...RESUMED, change: await change() };
    expect(await scene.strike('referring', referralId, parts)).toMatchObject(answer);
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });

  it('of a third member, in the referral of two others', async () => {
    const { thread } = await scene.open('receiving', referralId);
    const before = rowsAt(scene.node('receiving'));
    const forger = await scene.forger('meddler', 'receiving');

    for (const own of [[], thread.referring]) {
      const forged = await forge(forger, referralId, { own, theirs: [] }, RESUMED);
      expect(await scene.meddler.attacker.deliver(await sealed(forger, forged))).toEqual({
        status: 'NOT_FOUND',
        reason: 'NOT_FOUND',
        message: 'referral_id: no such referral between the two.',
      });
    }
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });

  it('sealed for one member and passed on to another', async () => {
    const before = rowsAt(scene.node('receiving'));
    const change = { to: 'https://meddler.example' };
    const forged = await scene.forged('referring', referralId, { ...RESUMED, change });
    // The third member opened what was for it, and seals it for the receiving node.
    const resealed = await sealed(await scene.forger('meddler', 'receiving'), forged);
    expect(await scene.meddler.attacker.deliver(resealed)).toMatchObject({
      status: 'UNAUTHENTICATED',
    });
    expect(await scene.insider.referring.deliver(resealed)).toMatchObject(AUDIENCE);
    // And the parcel as it was, for a key that the receiving node does not have.
    const [jwk] = scene.meddler.keyring.publicJwks('encryption');

    const to = { organisation: 'https://meddler.example', sealingKey: await importSealingKey(jwk) };
    expect(await scene.insider.referring.deliver(await sealed({ to }, forged))).toMatchObject({
      status: 'FAILED_PRECONDITION',
      reason: 'ENCRYPTION_KEY_RETIRED',
    });
    expect(rowsAt(scene.node('receiving'))).toEqual(before);
  });

  it('of our own, sent back to us', async () => {
    const own = await scene.forged('receiving', referralId, RESUMED);
    const { status } = await scene.insider.referring.deliver(
      await sealed(await scene.forger('referring'), own),
    );
    expect(status).toBe('UNAUTHENTICATED');
  });

  it('of all this nothing is stored, and the honest referrals go on', async () => {
    expect(await scene.goesOn(referralId)).toBe('requested');
    expect(await scene.goesOn(other)).toBe('requested');
  });

  async function idOfFirst(id: string): Promise<string> {
    return (await scene.open('receiving', id)).stored.messages[0]?.messageId ?? '';
  }
});

describe('refused, which takes its number and stands in both chains: a message', () => {
  type Bend = (forged: Forged) => Promise<string> | string;
  /** The payload with its fields changed, truly signed. */
  const bent =
    (bend: (fields: ReturnType<typeof fieldsOf>) => Uint8Array[]): Bend =>
    async ({ jws }) => {
      const payload = Buffer.concat(bend(fieldsOf(readUnverifiedPayload(jws))));
      const { signingKey } = await scene.forger('referring');
      return signedUnder(headerOf(jws), toBase64url(payload), signingKey);
    };
  const bytesOf = (fields: ReturnType<typeof fieldsOf>) => fields.map((field) => field.bytes);
  const withBody = (body: Uint8Array) =>
    bent((fields) => [...bytesOf(fields.filter((f) => f.number !== 12)), body]);
  const asItIs: Bend = ({ jws }) => jws;
  const afterAWhile: Bend = ({ jws }) => {
    scene.hurry();
    scene.hurry();
    return jws;
  };

  it.each<[string, RefusalReason, () => Partial<Message>, Bend]>([
    ['without a body', 'unsupported-version', () => ({}), bent((f) => bytesOf(f).slice(0, -1))],
    ['with an empty body', 'unsupported-version', () => ({}), withBody(delimited(12, ''))],
    [
      'with a step of a later version',
      'unsupported-version',
      () => ({}),
      withBody(delimited(12, delimited(999, ''))),
    ],
    [
      'with a body that cannot be read',
      'schema-violation',
      () => ({}),
      withBody(delimited(12, [0xff, 0xff])),
    ],
    [
      'with a field that is not known',
      'schema-violation',
      () => ({}),
      bent((f) => [...bytesOf(f), delimited(99, 'more')]),
    ],
    [
      'with its fields in another order',
      'schema-violation',
      () => ({}),
      bent((f) => bytesOf(f.toSorted((a, b) => b.number - a.number))),
    ],
    [
      'with a field twice',
      'schema-violation',
      () => ({}),
      bent((f) => f.flatMap(({ number, bytes }) => (number === 9 ? [bytes, bytes] : [bytes]))),
    ],
    [
      'with a default written out',
      'schema-violation',
      () => ({}),
      withBody(delimited(12, delimited(11, numeric(1, 0)))),
    ],
    [
      'with a number longer than it need be',
      'schema-violation',
      () => ({}),
      bent((f) =>
        f.map(({ number, bytes }) =>
          number === 5 ? Buffer.from([...varint(5 * 8), 0x82, 0x80, 0x00]) : bytes,
        ),
      ),
    ],
    ['that has expired', 'late', () => ({ expiresAt: now() + 5 }), afterAWhile],
    ['from before the last one', 'time-order', () => ({ sentAt: now() - 86_400 }), asItIs],
    [
      'that lives too long',
      'time-order',
      () => ({ expiresAt: now() + limits.messageLifeSecondsMax + 60 }),
      asItIs,
    ],
    ['that ends before it begins', 'time-order', () => ({ expiresAt: now() - 10 }), asItIs],
  ])('%s', async (_, reason, change, bend) => {
    const referralId = await scene.request();
    const forged = await scene.forged('referring', referralId, { ...RESUMED, change: change() });
    const jws = await bend(forged);
    const answer = await give({ jws, sections: [] });
    expect(receiptIn(answer)).toMatchObject({ verdict: 'refused', reason, sectionsTaken: [] });
    expect(await give({ jws, sections: [] })).toEqual(answer);
    const { thread, state } = await scene.open('receiving', referralId);
    expect(thread.receiving.at(-1)?.content?.body).toMatchObject({
      step: 'refused',
      refused: { seq: 2, reason },
    });
    expect(state.verdicts.referring.map((v) => v.verdict)).toEqual(['counts', 'void']);
    expect(await scene.goesOn(referralId)).toBe('requested');
  });

  it('of rules that are not known here, which opens nothing', async () => {
    const referralId = uuid4();
    const forger = await scene.forger('referring');
    const answerBy = forger.nowSeconds + 3600;
    const request = { rulesVersion: 1 as const, caseCode: uuid4(), answerBy, secondPerson: false };
    const body = { step: 'referralRequest', referralRequest: request } as const;
    const sections = ['minimum' as const];
    const forged = await forge(forger, referralId, { own: [], theirs: [] }, { body, sections });
    // rules_version, the first field of the request, is 2.
    const jws = await bent((fields) =>
      fields.map(({ number, bytes }) =>
        number === 12
          ? Buffer.from(bytes).fill(2, bytes.indexOf(8) + 1, bytes.indexOf(8) + 2)
          : bytes,
      ),
    )(forged);
    expect(receiptIn(await give({ jws, sections: forged.sections }))).toMatchObject({
      verdict: 'refused',
      reason: 'unsupported-version',
      sectionsTaken: [],
    });
    expect((await scene.open('receiving', referralId)).state.status).toBe('none');
    expect(await scene.node('receiving').store.listSections(referralId)).toEqual([]);
  });

  it('that unreads what its author had read', async () => {
    const referralId = await scene.request();
    await scene.goesOn(referralId);
    await scene.goesOn(referralId);
    const { thread } = await scene.open('receiving', referralId);
    const [first] = thread.receiving;
    const change = { seen: { seq: 1, digest: first?.digest ?? '' } };
    const answer = await scene.strike('referring', referralId, { ...RESUMED, change });
    expect(receiptIn(answer)).toMatchObject({ verdict: 'refused', reason: 'time-order' });
    expect(await scene.goesOn(referralId)).toBe('requested');
  });
});

describe('an illegal step', () => {
  it.each<[string, Parts]>([
    ['a departure before anything was agreed', { body: { step: 'departed', departed: facts() } }],
    [
      'an acceptance of its own request',
      { body: { step: 'accepted', accepted: { secondPerson: true } }, sections: ['offer'] },
    ],
    [
      'a completion by the referring side',
      { body: { step: 'completed', completed: { personView: 'heard' } }, sections: ['reason'] },
    ],
    [
      'a second request',
      { body: { step: 'referralRequest', referralRequest: request() }, sections: ['minimum'] },
    ],
    [
      'a refusal of what was never sent',
      { body: { step: 'refused', refused: { seq: 9, digest: 'A'.repeat(43), reason: 'late' } } },
    ],
  ])('%s counts as nothing, and the receipt says so', async (_, parts) => {
    const referralId = await scene.request();
    const answer = await scene.strike('referring', referralId, parts);
    const { body } = parts;
    const verdict = body.step === 'refused' ? 'taken' : 'void';
    expect(receiptIn(answer)).toMatchObject({ verdict, sectionsTaken: [] });
    const held = await scene.node('receiving').store.loadSections(referralId, 'peer', 2);
    expect(held).toEqual([]);
    expect(await scene.goesOn(referralId)).toBe('requested');
  });

  function facts() {
    return {
      travelAgreedAt: 1,
      referringRiskReadAt: 1,
      receivingRiskReadAt: 1,
      medicineAndMoney: true,
      callOffered: true,
    };
  }

  function request() {
    const caseCode = '5b0c7a52-6d1e-4f6a-9c1d-3a2b1c0d9e8f';
    const answerBy = Math.floor(Date.now() / 1000) + 3600;
    return { rulesVersion: 1 as const, caseCode, answerBy, secondPerson: false };
  }
});

describe('two messages with one number', () => {
  it('are both kept, and the referral is interrupted for both organisations', async () => {
    const referralId = await scene.request();
    const first = await scene.forged('referring', referralId, RESUMED);
    const second = await scene.forged('referring', referralId, {
      body: { step: 'failed', failed: {} },
      sections: ['reason'],
    });
    expect(receiptIn(await give(first))).toMatchObject({ seq: 2 });
    expect(await give(second)).toEqual({
      status: 'ABORTED',
      reason: 'CHAIN_FORK',
      message: 'seq 2: another message has this number.',
    });
    const { stored, state } = await scene.open('receiving', referralId);
    expect(stored.messages.map((m) => [m.seq, m.placement])).toEqual([
      [1, 'placed'],
      [2, 'placed'],
      [2, 'fork'],
    ]);
    expect(state.status).toBe('interrupted');
    await expect(
      scene.act('receiving', referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }),
    ).rejects.toMatchObject({ code: 'ILLEGAL_STEP' });
    // The honest node knows nothing of either: its own next message tells it.
    await scene
      .node('referring')
      .client()
      .act({
        requestId: uuid4(),
        referralId,
        body: { step: 'held', held: { reviewAt: now() + 3600 } },
        sections: [reasonOf('other')],
        grants: [],
      });
    await expect
      .poll(async () => (await scene.open('referring', referralId)).state.status)
      .toBe('interrupted');
    const [ours, theirs] = await bothDigests(scene, referralId);
    expect(ours).toBe(theirs);
  });

  it('before what both wrote on are told by the receipt of the next message', async () => {
    const referralId = await scene.request();
    const change = { seq: 1, previous: '' };
    const answer = await scene.strike('referring', referralId, { ...RESUMED, change });
    expect(answer).toMatchObject({ status: 'ABORTED', reason: 'CHAIN_FORK' });
    expect((await scene.open('referring', referralId)).state.status).toBe('requested');
    const reviewAt = now() + 3600;
    await scene.act('referring', referralId, { step: 'held', held: { reviewAt } }, [
      reasonOf('other'),
    ]);
    await expect
      .poll(async () => (await scene.open('referring', referralId)).state.status)
      .toBe('interrupted');
    const [ours, theirs] = await bothDigests(scene, referralId);
    expect(ours).toBe(theirs);
  });
});
