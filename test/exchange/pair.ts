// Two organisations in one process: real keys, real parcels, real SQLite; only
// the wire between them is a function call, which a test can cut or bend.

import { uuid4 } from '#crypto/digest.ts';
import { KeyFile } from '#crypto/key-file.ts';
import { Keyring } from '#crypto/keyring.ts';
import { importSealingKey, importVerifyKey, type VerifyKey } from '#crypto/keys.ts';
import { createWrappingKey } from '#crypto/wrapping-key.ts';
import { type Exchange, startExchange } from '#exchange/exchange.ts';
import { type OpenReferral, openReferral } from '#exchange/open-referral.ts';
import type { PeerTransport, ReferralSync } from '#exchange/ports.ts';
import type { Draft } from '#exchange/send.ts';
import type { Clock } from '#model/clock.ts';
import type { SectionName } from '#model/codes.ts';
import { silentLog } from '#model/log.ts';
import type { Body, Grant } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { Side } from '#model/track.ts';
import { openStore, type Store } from '#store/open.ts';
import { type Folder, makeFolder } from '#test/crypto/folder.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import type { Member } from '#trust/member.ts';
import { codec } from '#wire/codec.ts';

export const IDS: Readonly<Record<Side, string>> = {
  referring: 'https://harbour.example',
  receiving: 'https://homeward.example',
};

const BY = { staffId: 'test-person', role: 'caseworker' };

export class TestClock implements Clock {
  ms = Date.UTC(2026, 10, 24, 9);
  now(): number {
    return this.ms;
  }
  pass(seconds: number): void {
    this.ms += seconds * 1000;
  }
}

export type Party = AsyncDisposable & {
  side: Side;
  exchange: Exchange;
  store: Store;
  keyring: Keyring;
  member: Member;
  /** Ends this process of the node; the next one finds what was stored. */
  restart(options?: { url?: string }): Promise<void>;
  /** The next process beside the old one, which never hears of it: as after kill -9. */
  crash(): Promise<void>;
  open(referralId: string): Promise<OpenReferral>;
};

export type Pair = AsyncDisposable & {
  clock: TestClock;
  folder: Folder;
  referring: Party;
  receiving: Party;
  /** Bend the wire: throw to cut it, return another parcel to change it. */
  onDeliver: (from: Side, parcel: string) => Promise<string> | string;
  onReceipt: (from: Side, receipt: string) => Promise<string> | string;
  onSync: (from: Side, answers: ReferralSync[]) => Promise<ReferralSync[]> | ReferralSync[];
  /** Sides that are no live members now. */
  gone: Set<Side>;
  /** Waits until nothing is on its way. */
  settle(): Promise<void>;
};

export async function startPair(): Promise<Pair> {
  const clock = new TestClock();
  const folder = await makeFolder();
  const parties = {} as Record<Side, Party>;
  const pair = {
    clock,
    folder,
    onDeliver: (_: Side, parcel: string): Promise<string> | string => parcel,
    onReceipt: (_: Side, receipt: string): Promise<string> | string => receipt,
    onSync: (_: Side, answers: ReferralSync[]): ReferralSync[] => answers,
    gone: new Set<Side>(),
  } as Pair;
  for (const side of ['referring', 'receiving'] as const) {
    parties[side] = await startParty(side, pair, parties);
  }
  return Object.assign(pair, parties, {
    async settle() {
      for (let i = 0; i < 2000; i += 1) {
        const busy = parties.referring.exchange.underway() + parties.receiving.exchange.underway();
        if (busy === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      throw new Error('messages are still on their way');
    },
    async [Symbol.asyncDispose]() {
      await parties.referring[Symbol.asyncDispose]();
      await parties.receiving[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  });
}

async function startParty(side: Side, pair: Pair, parties: Record<Side, Party>): Promise<Party> {
  const { folder, clock } = pair;
  const nodeKey = await createWrappingKey(folder.path(`${side}-node-key`));
  const keyring = await Keyring.create(folder.path(`${side}-keyring`), nodeKey, clock);
  const keyFile = await KeyFile.create([folder.path(`${side}-sections`)], nodeKey);
  const member = await memberOf(side, keyring);
  const ownKeys = member.messageKeys;
  const transport: PeerTransport = {
    async deliver({ organisation }, parcel, signal) {
      const peer = partyOf(parties, organisation);
      const ended = Promise.withResolvers<never>();
      // A link that is cut throws before anybody waits for this one.
      ended.promise.catch(() => {});
      signal?.addEventListener('abort', () =>
        ended.reject(new Refusal('UNAVAILABLE', 'The call was ended.')),
      );
      const bent = await Promise.race([pair.onDeliver(side, parcel), ended.promise]);
      return pair.onReceipt(peer.side, await peer.exchange.receive(member, bent));
    },
    async sync({ organisation }, heads) {
      const peer = partyOf(parties, organisation);
      return pair.onSync(peer.side, await peer.exchange.answerSync(member, heads));
    },
    listHeads({ organisation }, after) {
      return partyOf(parties, organisation).exchange.answerHeads(member, after);
    },
  };
  const members = {
    all: () => Object.values(parties).map((p) => p.member),
    find(id: string) {
      const party = Object.values(parties).find((p) => p.member.organisation === id);
      return party && !pair.gone.has(party.side) ? party.member : undefined;
    },
    findByPin: () => undefined,
  };
  let url = `sqlite:${folder.path(`${side}.db`)}`;
  const boot = async () => {
    const store = await openStore({ url, clock, log: silentLog });
    const exchange = startExchange({
      organisation: IDS[side],
      boot: uuid4(),
      store,
      codec,
      members,
      transport,
      keyring,
      ownMessageKeys: () => Promise.resolve(ownKeys),
      keyFile,
      clock,
      log: silentLog,
      onEvents: () => {},
      compareAtStart: false,
    });
    return { store, exchange };
  };
  const crashed: { exchange: Exchange; store: Store }[] = [];
  const party: Party = {
    side,
    keyring,
    member,
    ...(await boot()),
    async restart(options) {
      await party.exchange[Symbol.asyncDispose]();
      await party.store[Symbol.asyncDispose]();
      url = options?.url ?? url;
      Object.assign(party, await boot());
    },
    async crash() {
      crashed.push({ exchange: party.exchange, store: party.store });
      Object.assign(party, await boot());
    },
    async open(referralId) {
      return openReferral(await party.store.load(referralId), codec);
    },
    async [Symbol.asyncDispose]() {
      for (const { exchange, store } of [...crashed, party]) {
        await exchange[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      }
      await keyFile.close();
    },
  };
  return party;
}

function partyOf(parties: Record<Side, Party>, organisation: string): Party {
  const party = Object.values(parties).find((p) => p.member.organisation === organisation);
  if (!party) throw new Refusal('UNAVAILABLE', 'The partner does not answer.');
  return party;
}

async function memberOf(side: Side, keyring: Keyring): Promise<Member> {
  const messageKeys = new Map<string, VerifyKey>();
  for (const jwk of keyring.publicJwks('message')) {
    messageKeys.set(jwk.kid, await importVerifyKey(jwk));
  }
  return {
    organisation: IDS[side],
    name: `Test ${side}`,
    countries: ['NL'],
    roles: [side],
    address: 'localhost:1',
    certificates: [],
    pins: [],
    messageKeys,
    isStateRun: false,
    keyAttestations: [],
    sealingKey: await importSealingKey(keyring.publicJwks('encryption')[0]),
    validUntilSeconds: 4_000_000_000,
  };
}

const text = new TextEncoder();

function sectionsOf(...names: SectionName[]): Draft['sections'] {
  return names.map((section) => ({
    section,
    content: text.encode(
      section === 'consent' ? JSON.stringify(consentFor(IDS.receiving)) : `{"test":"${section}"}`,
    ),
  }));
}

export function grantTo(
  recipient: Side,
  stage: Grant['stage'],
  sections: SectionName[],
  until = 4_000_000_000,
): Grant {
  return {
    grantId: uuid4(),
    recipient: IDS[recipient],
    sections,
    stage,
    purpose: 'provide-services',
    until,
  };
}

export function requestDraft(clock: Clock, overrides: Partial<Draft> = {}): Draft {
  return {
    messageId: uuid4(),
    referralId: uuid4(),
    body: {
      step: 'referralRequest',
      referralRequest: {
        rulesVersion: 1,
        caseCode: uuid4(),
        answerBy: Math.floor(clock.now() / 1000) + 24 * 60 * 60,
        secondPerson: false,
      },
    },
    sections: sectionsOf('minimum'),
    grants: [
      grantTo('receiving', 'contact', ['minimum', 'note']),
      grantTo('referring', 'contact', ['note']),
      grantTo('receiving', 'assessment', ['risk']),
      grantTo('referring', 'assessment', ['risk']),
    ],
    by: BY,
    opens: { partner: IDS.receiving, caseCode: uuid4(), localCode: 'TEST-1' },
    ...overrides,
  };
}

export function draftOf(
  referralId: string,
  body: Body,
  sections: SectionName[] = [],
  grants: Grant[] = [],
): Draft {
  return {
    messageId: uuid4(),
    referralId,
    body,
    sections: sectionsOf(...sections),
    grants,
    by: BY,
  };
}
