// The floor: the same steps with the same functions on the same bytes, and
// nothing else; no storage. One process receives, the other sends.
import { readFile } from 'node:fs/promises';

import { sha256, uuid4 } from '#crypto/digest.ts';
import { open, readJweHeader, seal } from '#crypto/jwe.ts';
import { readJwsHeader, readUnverifiedPayload, signJws, verifyJws } from '#crypto/jws.ts';
import { spkiDigest } from '#crypto/tls.ts';
import { MESSAGE_TYP, RECEIPT_TYP } from '#exchange/context.ts';
import type { PeerTransport } from '#exchange/ports.ts';
import { verifyReceipt } from '#exchange/receipt.ts';
import { checkDigests, digested } from '#exchange/sections.ts';
import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { otherSide, type Side } from '#model/track.ts';
import { letHeapGrow } from '#services/node/heap.ts';
import { codec } from '#wire/codec.ts';
import { createPeerTransport } from '#wire/exchange-client.ts';
import { startExchangeServer } from '#wire/exchange-server.ts';
import { answerParent } from './child.ts';
import { type FloorFile, floorKeys, floorMember } from './floor-identity.ts';
import { requestParts, SECTION } from './handover.ts';
import { forSeconds, lanes } from './lanes.ts';

export type FloorRun = { seconds: number; atOnce: number };
export type FloorRan = { latencies: number[]; parcelBytes: number; receiptBytes: number };

const [file, side, through] = process.argv.slice(2) as [string, Side, string | undefined];
const identities = JSON.parse(await readFile(file, 'utf8')) as FloorFile;
if (through) identities.receiving.address = through;
const own = identities[side];
const { signing, opening } = await floorKeys(own);
const peer = await floorMember(identities[otherSide(side)]);
const now = () => Math.floor(Date.now() / 1000);

/** Open, verify, decode; a receipt signed. */
async function take(parcel: string): Promise<string> {
  readJweHeader(parcel, limits.parcelJweBytesMax);
  const { message: jws, sections } = codec.decodeParcel(
    await open(parcel, opening, limits.parcelJweBytesMax),
  );
  const { kid } = readJwsHeader(jws, limits.messageJwsBytesMax, MESSAGE_TYP);
  const { envelope, content } = codec.decodeMessage(readUnverifiedPayload(jws));
  const key = peer.messageKeys.get(kid);
  if (!key) throw new Error('a strange key');
  await verifyJws(jws, MESSAGE_TYP, key, limits.messageJwsBytesMax);
  checkDigests(envelope.referralId, content?.sections ?? [], sections);
  const messageDigest = sha256(jws);
  const head = { seq: envelope.seq, digest: messageDigest };
  const receipt = codec.encodeReceipt({
    receiver: own.organisation,
    sender: envelope.from,
    referralId: envelope.referralId,
    messageId: envelope.messageId,
    seq: envelope.seq,
    messageDigest,
    verdict: 'taken',
    sectionsTaken: ['minimum'],
    receivedAt: now(),
    read: head,
  });
  return signJws(signing, RECEIPT_TYP, receipt);
}

/** Encode, sign, seal, call, verify the receipt; returns what went over the wire. */
async function give(transport: PeerTransport): Promise<{ parcel: string; receipt: string }> {
  const referralId = uuid4();
  const { digests, contents } = digested(referralId, [{ section: 'minimum', content: SECTION }]);
  const envelope = {
    messageId: uuid4(),
    referralId,
    from: own.organisation,
    to: peer.organisation,
    seq: 1,
    previous: '',
    sentAt: now(),
    expiresAt: now() + limits.messageLifeSecondsMax,
  };
  const message = {
    ...envelope,
    sections: digests,
    ...requestParts(peer.organisation, now()),
  };
  const jws = await signJws(signing, MESSAGE_TYP, codec.encodeMessage(message));
  const bytes = codec.encodeParcel({ message: jws, sections: contents });
  const parcel = await seal(peer.sealingKey, bytes);
  const receipt = await transport.deliver(peer, parcel);
  await verifyReceipt({ codec }, receipt, peer.messageKeys, { jws, envelope });
  return { parcel, receipt };
}

letHeapGrow(); // as a node does
if (side === 'receiving') {
  await using server = await startExchangeServer({
    host: '127.0.0.1',
    port: Number(own.address.split(':')[1]),
    tls: own.tls,
    members: {
      findByPin: (pin: string) => (peer.pins.includes(pin) ? peer : undefined),
    },
    spkiDigest,
    handlers: {
      deliver: (_, parcel) => take(parcel),
      sync: async () => [],
      listHeads: async () => ({ referrals: [], more: false }),
    },
    log: silentLog,
    health: () => true,
    callsPerPeerPerSecondMax: 1_000_000,
  });
  process.send?.({ ready: true, value: { port: server.port } });
  await answerParent(async () => null);
} else {
  await using transport = createPeerTransport({ tls: own.tls, spkiDigest, log: silentLog });
  process.send?.({ ready: true });
  await answerParent(async (value): Promise<FloorRan> => {
    const { seconds, atOnce } = value as FloorRun;
    let last = { parcel: '', receipt: '' };
    const latencies = await lanes(atOnce, forSeconds(seconds), async () => {
      last = await give(transport);
    });
    return { latencies, parcelBytes: last.parcel.length, receiptBytes: last.receipt.length };
  });
}
if (process.connected) process.disconnect();
