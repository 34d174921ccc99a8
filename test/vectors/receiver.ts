// A node of the vectors: the real way in, on a real database, with the keys that
// the vectors publish.
import { writeFile } from 'node:fs/promises';

import { encryptWith } from '#crypto/at-rest.ts';
import { sha256, uuid4 } from '#crypto/digest.ts';
import { seal } from '#crypto/jwe.ts';
import { KeyFile } from '#crypto/key-file.ts';
import { Keyring } from '#crypto/keyring.ts';
import { importSealingKey, type PrivateJwk } from '#crypto/keys.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';
import { changeOf } from '#exchange/change.ts';
import type { ExchangeContext } from '#exchange/context.ts';
import { takeTurns } from '#exchange/in-turn.ts';
import { entryOf, extended, openReferral } from '#exchange/open-referral.ts';
import type { StoredMessage } from '#exchange/ports.ts';
import { createRecall } from '#exchange/recall.ts';
import { receive } from '#exchange/receive.ts';
import type { Clock } from '#model/clock.ts';
import { silentLog } from '#model/log.ts';
import type { SectionContent } from '#model/message.ts';
import { openStore, type Store } from '#store/open.ts';
import { type Folder, makeFolder } from '#test/crypto/folder.ts';
import { codec } from '#wire/codec.ts';
import { wireType } from '#wire/convert.ts';
import type { GivenSection } from './families/delivery.ts';
import { type PartyName, parties, publicJwkOf } from './parties.ts';
import { delimited, joined, varint } from './protobuf-bytes.ts';

export type Receiver = AsyncDisposable & {
  context: ExchangeContext;
  clock: { ms: number };
  /** A message of the peer that comes in, or one of its own as if it had written it. */
  take(jws: string): Promise<void>;
  /** A parcel with this message arrives. Its answer is the receipt. */
  deliver(peer: PartyName, jws: string, sections: readonly GivenSection[]): Promise<string>;
  open(parcel: string, peer: PartyName): Promise<string>;
};

/** Heads are equal already, and nobody is asked. */
const alone = { compare: () => Promise.resolve(true) };

export async function startReceiver(name: PartyName): Promise<Receiver> {
  const folder = await makeFolder();
  const clock: Clock & { ms: number } = { ms: 0, now: () => clock.ms };
  const store = await openStore({ url: 'sqlite::memory:', clock, log: silentLog });
  const context = await contextOf(name, folder, store, clock);
  const all = await parties();
  const deliver = async (peer: PartyName, jws: string, sections: readonly GivenSection[]) => {
    const contents = sections.map(({ section, salt, content }) => ({
      section: section as SectionContent['section'],
      salt: Buffer.from(salt, 'base64url'),
      content: Buffer.from(content, 'base64url'),
    }));
    const key = await importSealingKey(publicJwkOf(all[name].jwks.encryption));
    const parcel = await seal(key, encodeAnyParcel(jws, contents));
    return receive(context, alone, all[peer].member, parcel);
  };
  return {
    context,
    clock,
    deliver,
    open: (parcel, peer) => receive(context, alone, all[peer].member, parcel),
    async take(jws) {
      const { from, sentAt } = entryOf({ jws, digest: sha256(jws) }, codec).envelope;
      clock.ms = sentAt * 1000;
      if (from === all[name].organisation) return placeOwn(context, jws);
      const peer = Object.values(all).find((p) => p.organisation === from)?.name ?? 'stranger';
      // A second message with one number is kept and refused all the same.
      await deliver(peer, jws, []).catch((error: { code?: string }) => {
        if (error.code !== 'CHAIN_FORK') throw error;
      });
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await context.keyFile.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function contextOf(
  name: PartyName,
  folder: Folder,
  store: Store,
  clock: Clock,
): Promise<ExchangeContext> {
  const all = await parties();
  const { organisation, member } = all[name];
  const nodeKey = await createWrappingKey(folder.path('node-key'));
  await writeFile(folder.path('keyring'), keyringOf(name, all[name].jwks, nodeKey), {
    mode: 0o600,
  });
  return {
    organisation,
    boot: uuid4(),
    store,
    codec,
    compared: new Set(),
    members: {
      all: () => [],
      find: (id) => Object.values(all).find((p) => p.organisation === id)?.member,
      findByPin: () => undefined,
    },
    transport: {
      deliver: () => Promise.reject(new Error('nobody is called')),
      sync: () => Promise.reject(new Error('nobody is called')),
      listHeads: () => Promise.reject(new Error('nobody is called')),
    },
    keyring: await Keyring.open(folder.path('keyring'), nodeKey),
    ownMessageKeys: () => Promise.resolve(member.messageKeys),
    keyFile: await KeyFile.create([folder.path('sections')], nodeKey),
    clock,
    inTurn: takeTurns(),
    recall: createRecall(),
    log: silentLog,
    onEvents: () => {},
    onDelivery: () => false,
  };
}

/** The keyring file as the node would have written it, had it made these keys. */
function keyringOf(
  _name: PartyName,
  jwks: Record<'federation' | 'message' | 'encryption', PrivateJwk>,
  nodeKey: Awaited<ReturnType<typeof createWrappingKey>>,
): string {
  const stored = Object.entries(jwks).map(([purpose, jwk]) => ({
    kid: jwk.kid,
    purpose,
    createdAt: 1,
    retiresAt: purpose === 'encryption' ? 4_000_000_000 : null,
    state: 'current',
    publicJwk: publicJwkOf(jwk),
    d: jwk.d,
  }));
  const sealed = encryptWith(nodeKey.secret, 'srx-keyring.v1', Buffer.from(JSON.stringify(stored)));
  const { generation: nodeKeyGeneration } = nodeKey;
  return JSON.stringify({ srx: 'keyring', version: 1, nodeKeyGeneration, sealed });
}

/** Its own message, as if it had been written here. */
async function placeOwn(context: ExchangeContext, jws: string): Promise<void> {
  const entry = entryOf({ jws, digest: sha256(jws) }, codec);
  const { referralId, seq, messageId, to } = entry.envelope;
  const before = openReferral(await context.store.load(referralId), codec);
  const side = before.stored.row ? before.side : 'referring';
  const change = changeOf(context, before, {
    partner: to,
    side,
    caseCode: '',
    localCode: null,
    thread: extended(before.thread, side, entry),
    comparedBoot: context.boot,
  });
  const nowMs = context.clock.now();
  const stored: StoredMessage = {
    referralId,
    partner: to,
    author: 'own',
    seq,
    messageId,
    digest: entry.digest,
    jws,
    placement: 'placed',
    receipt: null,
    storedAtMs: nowMs,
    receiptAtMs: null,
    byStaff: null,
    byRole: null,
  };
  const row = { ...change.row, caseCode: change.row.caseCode || uuid4() };
  const done = await context.store.commit(referralId, { ...change, row, insert: [stored] });
  if (!done) throw new Error('nobody else writes here');
}

const wire = wireType('srx.exchange.v1.Parcel');

/** Padded to the first size that fits, whatever the message is. */
function encodeAnyParcel(message: string, sections: readonly SectionContent[]): Buffer {
  const bare = wire.encode({ message, sections });
  for (const size of [4096, 16_384, 65_536, 262_144]) {
    const room = size - bare.length;
    const padding = room - 1 - varint(room).length;
    const bytes = padding > 0 ? joined(bare, delimited(3, new Uint8Array(padding))) : bare;
    if (bytes.length === size) return bytes;
  }
  throw new Error('no size fits');
}
