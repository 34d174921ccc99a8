import { describe, expect, it } from 'vitest';

import { sha256 } from '#crypto/digest.ts';
import { open } from '#crypto/jwe.ts';
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { headOf } from '#exchange/change.ts';
import { entryOf, openReferral } from '#exchange/open-referral.ts';
import { answerHeads, answerSync } from '#exchange/sync.ts';
import { limits } from '#model/limits.ts';
import { fold } from '#model/referral.ts';
import { EMPTY_THREAD } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import { codec } from '#wire/codec.ts';
import { wireType } from '#wire/convert.ts';
import { type DeliveryVector, givenSections } from './families/delivery.ts';
import type { ParcelsVector } from './families/parcels.ts';
import type { AnswerVector } from './families/sync.ts';
import { readFamily } from './families.ts';
import { codeUnder } from './outcome.ts';
import { parties } from './parties.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { REFERRAL_ID } from './scribe.ts';
import { textOf } from './vector.ts';

const messages = await readFamily<DeliveryVector>('messages');
const receiving = await readFamily<DeliveryVector>('receiving');
const parcels = await readFamily<ParcelsVector>('parcels');
const sync = await readFamily<AnswerVector>('sync');

describe.each([
  ['messages.json', messages],
  ['receiving.json', receiving],
])('%s', (_, { vectors, signed = {} }) => {
  it.each(vectors)('$check $name', async (vector) => {
    const { input, expect: expected } = vector;
    await using receiver = await startReceiver(input.receiver);
    for (const digest of input.given) await receiver.take(signed[digest] ?? '');
    const before = await stored(receiver, sha256(input.jws));
    receiver.clock.ms = input.now * 1000;
    const found = await codeUnder(vector, () =>
      receiver.deliver(input.peer, input.jws, input.sections),
    );
    if ('again' in expected) {
      expect(before?.receipt).toMatch(/^ey/);
      expect(found).toEqual({ value: before?.receipt });
      return;
    }
    expect(await statusOf(receiver)).toBe(expected.status);
    if ('error' in expected) {
      expect(found).toMatchObject({ error: expected.error });
      expect(vector.valid).toBe(false);
      return;
    }
    const { status: _status, appended, head, ...receipt } = expected;
    expect(receiptOf(found)).toMatchObject(receipt);
    if (head !== undefined) expect(receiptOf(found).head).toEqual(head);
    expect(await appendedBy(receiver)).toEqual(appended ?? null);
    expect((await stored(receiver, sha256(input.jws)))?.receipt).toBe(
      'value' in found ? found.value : null,
    );
  });
});

function receiptOf(found: object) {
  if (!('value' in found)) throw new Error(`no receipt: ${JSON.stringify(found)}`);
  const {
    head = null,
    read = null,
    ...rest
  } = codec.decodeReceipt(readUnverifiedPayload(found.value as string));
  return { ...rest, head, read };
}

function stored(receiver: Receiver, digest: string) {
  return receiver.context.store.findMessage(digest);
}

/** As a view of all that is there would have it, parked and forked messages too. */
async function statusOf(receiver: Receiver): Promise<string> {
  const referral = await receiver.context.store.load(REFERRAL_ID);
  return fold(referral.messages.length > 0 ? openReferral(referral, codec).thread : EMPTY_THREAD)
    .status;
}

/** What the receiver said by itself at the end of its own chain. */
async function appendedBy(receiver: Receiver) {
  const { thread, side } = openReferral(await receiver.context.store.load(REFERRAL_ID), codec);
  const last = thread[side].at(-1);
  const body = last?.content?.body;
  if (!last) return null;
  const place = { seq: last.envelope.seq, seenSeq: last.envelope.seen?.seq };
  if (body?.step === 'packageRefused') return { ...place, packageRefused: body.packageRefused };
  if (body?.step !== 'refused') return null;
  const read = thread[otherSide(side)][body.refused.seq - 1];
  expect(read?.digest).toBe(body.refused.digest);
  expect(headOf(thread[side])).toEqual({ seq: last.envelope.seq, digest: last.digest });
  return { ...place, refused: body.refused };
}

describe('parcels.json', () => {
  it.each(parcels.vectors)('$check $name', async (vector) => {
    const { input, expect: expected } = vector;
    const parcel = textOf(input.parcel);
    await using receiver = await startReceiver('homeward');
    receiver.clock.ms = input.now * 1000;
    const found = await codeUnder(vector, () => receiver.open(parcel, 'harbour'));
    if ('error' in expected) {
      expect(found).toMatchObject({ error: expected.error });
      expect(vector.valid).toBe(false);
      return;
    }
    const { homeward } = await parties();
    const plaintext = await open(parcel, homeward.encryption, limits.parcelJweBytesMax);
    const wire = wireType('srx.exchange.v1.Parcel').decode(plaintext).model;
    const { message, sections } = codec.decodeParcel(plaintext);
    expect({
      plaintextDigest: sha256(plaintext),
      plaintextBytes: plaintext.length,
      paddingBytes: (wire['padding'] as Buffer).length,
      messageDigest: sha256(message),
      sections: givenSections(sections),
    }).toEqual(expected);
    expect(receiptOf(found)).toMatchObject({ verdict: 'taken', sectionsTaken: ['minimum'] });
  });
});

describe('sync.json', () => {
  it.each(sync.vectors)('$check $name', async ({ input, expect: expected }) => {
    const { [input.asker]: asker } = await parties();
    await using receiver = await startReceiver('homeward');
    for (const digest of input.given) await receiver.take(sync.signed?.[digest] ?? '');
    if ('after' in input) {
      const page = await answerHeads(receiver.context, asker.member, input.after);
      expect(page).toEqual(expected);
      return;
    }
    const [answer] = await answerSync(receiver.context, asker.member, [input.heads]);
    if (!answer) throw new Error('every head is answered');
    const opened = answer.mine.map(async ({ parcel }) => {
      const plaintext = await open(parcel, asker.encryption, limits.parcelJweBytesMax);
      return sha256(codec.decodeParcel(plaintext).message);
    });
    const { referralId, yours, mine: _mine, receipts, ...rest } = answer;
    expect(referralId).toBe(input.heads.referralId);
    expect({
      ...rest,
      yours: yours.map((jws) => entryOf({ jws, digest: sha256(jws) }, codec).digest),
      mine: await Promise.all(opened),
      receipts: receipts.map(
        (jws) => codec.decodeReceipt(readUnverifiedPayload(jws)).messageDigest,
      ),
    }).toEqual(expected);
  });
});
