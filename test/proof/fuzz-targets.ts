// What is fed with the wrong: every door and every reader of bytes. A target
// throws a Refusal or nothing at all; anything else is a bug.
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';

import { sha256 } from '#crypto/digest.ts';
import { open, seal } from '#crypto/jwe.ts';
import { readUnverifiedPayload, signJws } from '#crypto/jws.ts';
import { decodeKeyFile } from '#crypto/key-file-format.ts';
import { compare } from '#exchange/compare.ts';
import { MESSAGE_TYP } from '#exchange/context.ts';
import { exportEvidence } from '#exchange/evidence.ts';
import { verifyReceipt } from '#exchange/receipt.ts';
import { verifyEvidence } from '#exchange/verify-evidence.ts';
import { parseCaseFile } from '#model/case-file.ts';
import { SECTIONS } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { parseSection } from '#model/plan/sections.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { adversaryOf } from '#test/exchange/adversary.ts';
import { draftOf, grantTo, type Pair, requestDraft, startPair } from '#test/exchange/pair.ts';
import { draw, IDS, makeFederation, NOW, sign } from '#test/trust/federation.ts';
import { bodies } from '#test/wire/arbitrary.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { verifyChain } from '#trust/verify-chain.ts';
import { CASEWORK } from '#wire/casework-address.ts';
import { codec } from '#wire/codec.ts';
import { SyncResponse } from '#wire/contracts/exchange.ts';
import { EXCHANGE, fromWireSync, toWireSync } from '#wire/exchange-messages.ts';
import { methodsOf, read } from '#wire/rpc.ts';
import { mutateBytes, mutateJson, mutateText } from './mutate.ts';
import type { Random } from './random.ts';

export type Target = {
  name: string;
  /** Inputs in one round: the cheap get more. */
  times: number;
  feed(random: Random): unknown;
};

export type Targets = AsyncDisposable & { targets: Target[] };

export async function fuzzTargets(): Promise<Targets> {
  const pair = await startPair();
  const exchange = await exchangeTargets(pair);
  const targets = [
    ...exchange,
    ...(await fileTargets()),
    ...(await trustTargets()),
    ...callTargets(),
  ];
  return { targets, [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose]() };
}

/** A referral that is a little under way, and all that crossed for it. */
async function begun(pair: Pair) {
  const parcels: string[] = [];
  const receipts: string[] = [];
  pair.onDeliver = (_, parcel) => {
    parcels.push(parcel);
    return parcel;
  };
  pair.onReceipt = (_, receipt) => {
    receipts.push(receipt);
    return receipt;
  };
  const { referralId } = await pair.referring.exchange.send(requestDraft(pair.clock));
  await pair.settle();
  const confirmed = draftOf(referralId, { step: 'receiptConfirmed', receiptConfirmed: {} }, [
    'workers',
  ]);
  await pair.receiving.exchange.send(confirmed);
  await pair.settle();
  return { referralId, parcels, receipts };
}

async function exchangeTargets(pair: Pair): Promise<Target[]> {
  const { referring, receiving } = pair;
  const first = await begun(pair);
  const [parcel = '', answer = ''] = first.parcels;
  const [receipt = ''] = first.receipts;
  const plaintexts = [
    await opened(pair, 'receiving', parcel),
    await opened(pair, 'referring', answer),
  ];
  const payloads = plaintexts.map((bytes) =>
    readUnverifiedPayload(codec.decodeParcel(bytes).message),
  );
  const receive = async (jwe: string) => receiving.exchange.receive(referring.member, jwe);
  const sealing = receiving.member.sealingKey;
  const [plaintext = new Uint8Array()] = plaintexts;
  const { sections } = codec.decodeParcel(plaintext);
  const key = () => referring.keyring.signing('message');
  const evidence = await exportEvidence(referring.exchange.context, first.referralId);
  const request = (await referring.open(first.referralId)).stored.messages[0];
  if (!request) throw new Error('a referral without its request');
  const { envelope } = codec.decodeMessage(readUnverifiedPayload(request.jws));
  return [
    { name: 'a parcel', times: 20, feed: (random) => receive(mutateText(random, parcel)) },
    {
      name: 'the inside of a parcel',
      times: 5,
      feed: async (random) =>
        receive(await seal(sealing, mutateBytes(random, plaintext, plaintexts))),
    },
    {
      name: 'a signed message',
      times: 5,
      feed: async (random) => {
        const payload = mutateBytes(random, random.pick(payloads), payloads);
        const message = await signJws(key(), MESSAGE_TYP, payload);
        return receive(await seal(sealing, codec.encodeParcel({ message, sections })));
      },
    },
    {
      name: 'a message of a lying member',
      times: 1,
      feed: (random) => lyingMember(pair, random),
    },
    {
      name: 'a receipt',
      times: 10,
      feed: (random) =>
        verifyReceipt(
          referring.exchange.context,
          mutateText(random, receipt),
          receiving.member.messageKeys,
          { jws: request.jws, envelope },
        ),
    },
    {
      name: 'an answer to Sync',
      times: 1,
      feed: (random) => lyingSync(pair, random, first.referralId),
    },
    {
      name: 'evidence',
      times: 5,
      feed: async (random) => {
        const report = await verifyEvidence(codec, mutateJson(random, evidence));
        if (report.ok && report.stateDigest === null) throw new Error('verified without a state');
      },
    },
  ];
}

async function opened(pair: Pair, side: 'referring' | 'receiving', parcel: string) {
  const { keyring } = pair[side];
  const kid = keyring.publicJwks('encryption')[0]?.kid ?? '';
  const key = keyring.opening(kid);
  if (!key) throw new Error('no key to open with');
  return open(parcel, key, limits.parcelJweBytesMax);
}

/** Steps of every kind, legal or not, from one who signs whatever it likes. */
async function lyingMember(pair: Pair, random: Random): Promise<void> {
  const { referralId } = await begun(pair);
  const victim = pair.receiving;
  const adversary = adversaryOf(pair, 'referring');
  const now = () => Math.floor(pair.clock.now() / 1000);
  for (let left = random.between(1, 12); left > 0; left -= 1) {
    const [body] = fc.sample(fc.oneof(...bodies), { seed: random.between(0, 2 ** 31), numRuns: 1 });
    if (!body) continue;
    const named = SECTIONS.filter(() => random.chance(0.1));
    const change = random.chance(0.7)
      ? {}
      : {
          sentAt: now() + random.between(-400, 400),
          expiresAt: now() + random.pick([-10, 0, 1, 3600, 40 * 86_400]),
        };
    const grants = random.chance(0.3) ? [grantTo('receiving', 'package', ['note', 'health'])] : [];
    await adversary
      .strike(referralId, { body, sections: named, grants, change })
      .catch(refusedOnly);
    pair.clock.pass(random.between(0, 20));
  }
  await pair.settle();
  // Whatever came: the victim folds it, and what it exports as evidence verifies.
  const { state } = await victim.open(referralId);
  const evidence = await exportEvidence(victim.exchange.context, referralId);
  const report = await verifyEvidence(codec, evidence);
  const failed = report.checks.find((check) => !check.ok);
  if (failed) throw new Error(`evidence of ${state.status}: ${failed.check}: ${failed.detail}`);
}

async function lyingSync(pair: Pair, random: Random, referralId: string): Promise<void> {
  const { referring, receiving } = pair;
  const before = pair.onSync;
  let asked = 0;
  pair.onSync = (_, answers) => {
    asked += 1;
    // As the wire judges it before anybody reads it.
    const judged = SyncResponse.safeParse(mutateJson(random, toWireSync(answers)));
    return judged.success ? fromWireSync(judged.data) : answers;
  };
  try {
    await compare(referring.exchange.context, receiving.member, referralId).catch(refusedOnly);
    if (asked > limits.syncRoundsMax) throw new Error(`asked ${asked} times`);
  } finally {
    pair.onSync = before;
  }
}

function refusedOnly(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'Refusal') throw error;
}

async function fileTargets(): Promise<Target[]> {
  const names = ['adult.yaml', 'child.yaml', 'labour.yaml'];
  const texts = await Promise.all(
    names.map((name) => readFile(new URL(`../../deploy/cases/${name}`, import.meta.url), 'utf8')),
  );
  const cases = texts.map((text) => {
    const reading = readCaseFile(text, 'case.yaml');
    if (!reading.ok) throw new Error('an example is wrong');
    return reading.caseFile;
  });
  const sections = cases.flatMap((file) => Object.entries(file.sections));
  const keyFile = Buffer.from(
    '{"srx":"key-file","version":1,"generation":1}\n{"keys":[["a","b"]]}\n',
  );
  const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '');
  return [
    {
      name: 'a case file in YAML',
      times: 3,
      feed: (random) => void readCaseFile(mutateText(random, random.pick(texts)), 'case.yaml'),
    },
    {
      name: 'a case file in JSON',
      times: 3,
      feed: (random) =>
        void readCaseFile(mutateText(random, JSON.stringify(random.pick(cases))), 'case.json'),
    },
    {
      name: 'a case that is imported',
      times: 10,
      feed: (random) => void parseCaseFile(bytesOf(mutateJson(random, random.pick(cases)))),
    },
    {
      name: 'a section',
      times: 30,
      feed: (random) => {
        const [name, value] = random.pick(sections);
        const bytes = random.chance(0.5)
          ? bytesOf(mutateJson(random, value))
          : mutateBytes(random, bytesOf(value));
        void parseSection(name as keyof (typeof cases)[number]['sections'], bytes);
      },
    },
    {
      name: 'a key file',
      times: 10,
      feed: (random) => void decodeKeyFile(mutateBytes(random, keyFile)),
    },
  ];
}

async function trustTargets(): Promise<Target[]> {
  const federation = await makeFederation();
  const expected = { subject: IDS.leaf, anchor: federation.anchor, nowSeconds: NOW };
  const good = await sign(draw(federation));
  return [
    {
      name: 'a chain of statements',
      times: 10,
      feed: (random) =>
        verifyChain(
          good.map((jws) => (random.chance(0.5) ? mutateText(random, jws) : jws)),
          expected,
          new KeyCache(),
        ),
    },
    {
      name: 'a chain of signed lies',
      times: 5,
      feed: async (random) => {
        const paper = draw(federation, random.chance(0.5)).map((signed) => ({
          ...signed,
          claims: mutateJson(random, signed.claims) as Record<string, unknown>,
        }));
        return verifyChain(await sign(paper), expected, new KeyCache());
      },
    },
  ];
}

/** Every request and every answer of both services, as bytes. */
function callTargets(): Target[] {
  const methods = [
    ...Object.values(methodsOf(EXCHANGE.service, EXCHANGE.methods)),
    ...Object.values(methodsOf(CASEWORK.service, CASEWORK.methods)),
  ];
  const sides = methods.flatMap(({ request, response }) => [request, response]);
  const some = Buffer.from(sha256('some bytes'));
  return [
    {
      name: 'a call or its answer',
      times: 50,
      feed: (random) => {
        const seed = random.chance(0.5) ? Buffer.from([0x0a, 0x02, 0x08, 0x01]) : some;
        return void read(random.pick(sides), 'It', Buffer.from(mutateBytes(random, seed, [some])));
      },
    },
  ];
}
