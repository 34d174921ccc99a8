// Verifies an exported referral without any node: a list of checks in order,
// each of which names what it answers. It believes nothing but keys.
import { z } from 'zod';

import { sha256 } from '#crypto/digest.ts';
import { readJwsHeader, readUnverifiedPayload, verifyJws } from '#crypto/jws.ts';
import { importVerifyKey, type VerifyKey } from '#crypto/keys.ts';
import type { Status } from '#model/crossing.ts';
import { limits } from '#model/limits.ts';
import { Envelope, entityId, type Receipt } from '#model/message.ts';
import { fold, type ReferralState } from '#model/referral.ts';
import { Refusal } from '#model/refusal.ts';
import type { Entry, Thread } from '#model/thread.ts';
import { otherSide, type Side } from '#model/track.ts';
import { KeyCache } from '#trust/key-cache.ts';
import { readNodeMetadata } from '#trust/metadata.ts';
import { type Anchor, verifyChain } from '#trust/verify-chain.ts';
import { MESSAGE_TYP, RECEIPT_TYP } from './context.ts';
import { type Evidence, type EvidenceMessage, parseEvidence } from './evidence.ts';
import { forksOf } from './open-referral.ts';
import type { Codec } from './ports.ts';
import { verifyReceipt } from './receipt.ts';
import { stateDigest } from './state-digest.ts';

export const EVIDENCE_CHECKS = [
  'format',
  'keys',
  'statements',
  'signatures',
  'parties',
  'chains',
  'seen',
  'set-aside',
  'receipts',
  'heads',
  'state',
] as const;
export type EvidenceCheckName = (typeof EVIDENCE_CHECKS)[number];
export type EvidenceCheck = { check: EvidenceCheckName; ok: boolean; detail: string };

export type VerifiedMessage = {
  side: Side;
  seq: number;
  step: string;
  sentAt: number;
  verdict: string;
  /** When its receiver took it, by a verified receipt; null for none. */
  receivedAt: number | null;
};

export type EvidenceReport = {
  ok: boolean;
  /** In order; it ends with the first that fails. */
  checks: EvidenceCheck[];
  referralId: string;
  organisations: Record<Side, string>;
  status: Status | null;
  stateDigest: string | null;
  messages: VerifiedMessage[];
  /** RFC 7638 thumbprints, to be compared with what each organisation says of its keys. */
  keys: { organisation: string; kid: string; use: 'used' | 'unused' }[];
  /** What no check of this file can show. */
  notVerifiable: string[];
};

type Keys = Record<Side, Map<string, VerifyKey>>;
type Signed = EvidenceMessage & { entry: Entry; kid: string; isBound: boolean };

class Failed extends Error {}

/** Pure: no clock, no file, no network. `anchor` makes the entity statements count. */
export async function verifyEvidence(
  codec: Codec,
  value: unknown,
  anchor?: Anchor,
): Promise<EvidenceReport> {
  const checks: EvidenceCheck[] = [];
  const report = emptyReport(value);
  const pass = async <T>(check: EvidenceCheckName, work: () => T | Promise<T>, said: string) => {
    try {
      const result = await work();
      checks.push({ check, ok: true, detail: said });
      return result;
    } catch (cause) {
      if (!(cause instanceof Failed) && !(cause instanceof Refusal)) throw cause;
      checks.push({ check, ok: false, detail: cause.message });
      throw new Stop();
    }
  };
  try {
    // 1 The file has the form that docs/evidence.md says.
    const evidence = await pass('format', () => parseEvidence(value), 'as docs/evidence.md says');
    // 2 Keys are good Ed25519 keys, each named by its own thumbprint, none of both.
    const keys = await pass('keys', () => importKeys(evidence), 'each has its own thumbprint');
    // 3 The federation itself names these keys: only with its anchor's key at hand.
    await pass('statements', () => checkStatements(evidence, anchor), statementsWord(anchor));
    // 4 Each message was signed by its author.
    const signed = await pass(
      'signatures',
      () => verifySignatures(codec, evidence, keys),
      `${evidence.messages.length} messages`,
    );
    report.keys = namedKeys(evidence, signed);
    // 5 Each is of this referral, from its author to the other and nobody else.
    await pass('parties', () => checkParties(evidence, signed), 'from one to the other only');
    // 6 Each chain: 1, 2, 3 …, each link by the digest of the one before.
    await pass('chains', () => checkChains(signed), 'no gap, no cut, no exchange inside');
    // 7 What an author says it had read is what the other wrote.
    await pass('seen', () => checkSeen(signed), 'what was read is what was written');
    // 8 Messages beside the chains are early withdrawals or proof of a fork.
    await pass('set-aside', () => checkSetAside(signed), setAsideWord(signed));
    // 9 Each receipt was signed by the receiver for these very bytes.
    const receipts = await pass(
      'receipts',
      () => verifyReceipts(codec, signed, keys),
      `${signed.filter((m) => m.receipt !== null).length} of ${signed.length} messages have one`,
    );
    // 10 What receipts say of both chains is what the chains say: none was cut.
    await pass('heads', () => checkHeads(signed, receipts), 'no chain ends before a receipt');
    // 11 The same chains give the same state.
    const state = await pass('state', () => checkState(evidence, signed), 'folded anew, the same');
    report.status = state.status;
    report.stateDigest = stateDigest(state);
    report.messages = describe(signed, state, receipts);
    report.notVerifiable = notVerifiable(evidence, signed, anchor);
    return { ...report, ok: true, checks };
  } catch (cause) {
    if (!(cause instanceof Stop)) throw cause;
    return { ...report, ok: false, checks };
  }
}

class Stop extends Error {}

function emptyReport(value: unknown): Omit<EvidenceReport, 'ok' | 'checks'> {
  // What is shown before anything is checked must have the form of an id.
  const file = z.looseObject({
    referralId: Envelope.shape.referralId.catch(''),
    referring: z.object({ organisation: entityId }).catch({ organisation: '' }),
    receiving: z.object({ organisation: entityId }).catch({ organisation: '' }),
  });
  const shown = file.safeParse(value).data;
  return {
    referralId: shown?.referralId ?? '',
    organisations: {
      referring: shown?.referring.organisation ?? '',
      receiving: shown?.receiving.organisation ?? '',
    },
    status: null,
    stateDigest: null,
    messages: [],
    keys: [],
    notVerifiable: [],
  };
}

async function importKeys(evidence: Evidence): Promise<Keys> {
  const keys: Keys = { referring: new Map(), receiving: new Map() };
  for (const side of ['referring', 'receiving'] as const) {
    for (const jwk of evidence[side].messageKeys) {
      const key = await importVerifyKey(jwk);
      if (keys.referring.has(key.kid)) throw new Failed(`The key ${key.kid} stands twice.`);
      keys[side].set(key.kid, key);
    }
  }
  if (evidence.referring.organisation === evidence.receiving.organisation) {
    throw new Failed('Both sides are one organisation.');
  }
  return keys;
}

async function checkStatements(evidence: Evidence, anchor: Anchor | undefined): Promise<void> {
  if (!anchor) return;
  for (const side of ['referring', 'receiving'] as const) {
    const { organisation: subject, statements, messageKeys } = evidence[side];
    if (statements.length === 0) {
      throw new Failed(`The file holds no statements of the ${side} organisation to judge.`);
    }
    const expected = { subject, anchor, nowSeconds: evidence.exportedAt };
    const chain = await verifyChain(statements, expected, new KeyCache());
    const named = new Set(readNodeMetadata(chain.metadata).message_keys.map(({ kid }) => kid));
    const strange = messageKeys.find(({ kid }) => !named.has(kid));
    if (strange) throw new Failed(`The federation does not name the ${side} key ${strange.kid}.`);
  }
}

function statementsWord(anchor: Anchor | undefined): string {
  return anchor ? 'as of the export' : 'not judged: no anchor was given';
}

// A key that is no longer published may have signed an older message: a later
// one of the same author, under a known key, binds it by `previous`.
async function verifySignatures(codec: Codec, evidence: Evidence, keys: Keys): Promise<Signed[]> {
  const signed: Signed[] = [];
  for (const message of evidence.messages) {
    const { kid } = readJwsHeader(message.jws, limits.messageJwsBytesMax, MESSAGE_TYP);
    const { envelope, content } = codec.decodeMessage(readUnverifiedPayload(message.jws));
    const entry: Entry = { digest: sha256(message.jws), envelope, content };
    const key = keys[message.side].get(kid);
    const name = nameOf(message.side, envelope.seq);
    if (key) {
      await verifyJws(message.jws, MESSAGE_TYP, key, limits.messageJwsBytesMax).catch(() => {
        throw new Failed(`The signature of ${name} does not hold.`);
      });
    }
    signed.push({ ...message, entry, kid, isBound: key === undefined });
  }
  for (const message of signed.filter((m) => m.isBound)) {
    const isLater = (m: Signed) =>
      m.side === message.side &&
      m.placement === 'placed' &&
      !m.isBound &&
      m.entry.envelope.seq > message.entry.envelope.seq;
    if (message.placement === 'placed' && signed.some(isLater)) continue;
    const name = nameOf(message.side, message.entry.envelope.seq);
    throw new Failed(`The key of ${name} is not in the file, and no later message binds it.`);
  }
  return signed;
}

function checkParties(evidence: Evidence, signed: readonly Signed[]): void {
  for (const { side, entry } of signed) {
    const { from, to, referralId, seq } = entry.envelope;
    const fits =
      from === evidence[side].organisation &&
      to === evidence[otherSide(side)].organisation &&
      referralId === evidence.referralId;
    if (!fits) throw new Failed(`${capital(nameOf(side, seq))} belongs elsewhere.`);
  }
}

function checkChains(signed: readonly Signed[]): void {
  const ids = new Set<string>();
  for (const side of ['referring', 'receiving'] as const) {
    let previous = '';
    for (const [index, { entry }] of placed(signed, side).entries()) {
      const { seq, previous: said, messageId } = entry.envelope;
      if (seq !== index + 1)
        throw new Failed(`Message ${index + 1} of the ${side} side is missing.`);
      if (said !== previous) {
        throw new Failed(`${capital(nameOf(side, seq))} does not follow the one before it.`);
      }
      if (ids.has(messageId)) throw new Failed(`${capital(nameOf(side, seq))} has an id twice.`);
      ids.add(messageId);
      previous = entry.digest;
    }
  }
}

function checkSeen(signed: readonly Signed[]): void {
  for (const { side, entry, placement } of signed) {
    const { seen, seq } = entry.envelope;
    // What is set aside may have read what this node never had.
    if (!seen || placement !== 'placed') continue;
    const read = placed(signed, otherSide(side))[seen.seq - 1];
    if (read?.entry.digest !== seen.digest) {
      throw new Failed(`${capital(nameOf(side, seq))} had read a message that is not this one.`);
    }
  }
}

function checkSetAside(signed: readonly Signed[]): void {
  for (const { side, placement, entry } of signed) {
    const { seq } = entry.envelope;
    // With a withdrawal that waits for its place, too: two were signed.
    const isProof = signed.some(
      (m) => m.side === side && m.entry.envelope.seq === seq && m.entry.digest !== entry.digest,
    );
    // A withdrawal may stand alone: it overtook a message that was lost for good.
    if (placement === 'fork' && !isProof && entry.content?.body.step !== 'consentWithdrawn') {
      throw new Failed(`${capital(nameOf(side, seq))} is no proof of a fork.`);
    }
    if (placement === 'parked' && entry.content?.body.step !== 'consentWithdrawn') {
      throw new Failed(`${capital(nameOf(side, seq))} is no early withdrawal.`);
    }
  }
}

type Receipts = Map<Signed, Receipt>;

async function verifyReceipts(
  codec: Codec,
  signed: readonly Signed[],
  keys: Keys,
): Promise<Receipts> {
  const receipts: Receipts = new Map();
  for (const message of signed) {
    const { receipt: jws, side, entry } = message;
    if (jws === null) continue;
    const theirs = keys[otherSide(side)];
    const name = nameOf(side, entry.envelope.seq);
    const { kid } = readJwsHeader(jws, limits.receiptJwsBytesMax, RECEIPT_TYP);
    if (!theirs.has(kid)) throw new Failed(`The key of the receipt of ${name} is not in the file.`);
    const about = { jws: message.jws, envelope: entry.envelope };
    const receipt = await verifyReceipt({ codec }, jws, theirs, about).catch(() => {
      throw new Failed(`The receipt of ${name} does not hold for it.`);
    });
    receipts.set(message, receipt);
  }
  return receipts;
}

function checkHeads(signed: readonly Signed[], receipts: Receipts): void {
  for (const [{ side, entry }, { head, read }] of receipts) {
    const said = [
      { position: head, chain: placed(signed, otherSide(side)) },
      { position: read, chain: placed(signed, side) },
    ];
    for (const { position, chain } of said) {
      if (!position || chain[position.seq - 1]?.entry.digest === position.digest) continue;
      const name = nameOf(side, entry.envelope.seq);
      throw new Failed(`The receipt of ${name} knows a message that is not in the file.`);
    }
  }
}

function checkState(evidence: Evidence, signed: readonly Signed[]): ReferralState {
  const aside = signed.filter((m) => m.placement !== 'placed');
  const thread: Thread = {
    referring: placed(signed, 'referring').map((m) => m.entry),
    receiving: placed(signed, 'receiving').map((m) => m.entry),
    loose: aside.map(({ side, entry }) => ({ side, entry })),
    forks: forksOf(
      signed.map(({ side, entry }) => ({ author: side, side, seq: entry.envelope.seq })),
    ),
  };
  const state = fold(thread);
  if (state.status !== evidence.status) {
    throw new Failed(`The chains give ${state.status}; the file says ${evidence.status}.`);
  }
  if (stateDigest(state) !== evidence.stateDigest) {
    throw new Failed('The chains give another state than the file says.');
  }
  return state;
}

function describe(
  signed: readonly Signed[],
  state: ReferralState,
  receipts: Receipts,
): VerifiedMessage[] {
  return signed
    .map((message) => {
      const { side, entry, placement } = message;
      const { seq, sentAt } = entry.envelope;
      const verdict = state.verdicts[side][seq - 1]?.verdict ?? 'set-aside';
      return {
        side,
        seq,
        step: entry.content?.body.step ?? 'unread',
        sentAt,
        verdict: placement === 'placed' ? verdict : placement,
        receivedAt: receipts.get(message)?.receivedAt ?? null,
      };
    })
    .toSorted((a, b) => a.sentAt - b.sentAt || a.seq - b.seq);
}

function namedKeys(evidence: Evidence, signed: readonly Signed[]): EvidenceReport['keys'] {
  const used = new Set(signed.map((m) => m.kid));
  return (['referring', 'receiving'] as const).flatMap((side) =>
    evidence[side].messageKeys.map(({ kid }) => {
      const { organisation } = evidence[side];
      return { organisation, kid, use: used.has(kid) ? ('used' as const) : ('unused' as const) };
    }),
  );
}

function notVerifiable(
  evidence: Evidence,
  signed: readonly Signed[],
  anchor: Anchor | undefined,
): string[] {
  const sections = signed.reduce((sum, m) => sum + (m.entry.content?.sections.length ?? 0), 0);
  const open = signed.filter((m) => m.receipt === null).length;
  const bound = signed.filter((m) => m.isBound).length;
  const unnamed = (['referring', 'receiving'] as const).filter(
    (side) => !anchor || evidence[side].statements.length === 0,
  );
  return [
    ...(sections > 0 ? [`What ${sections} sections say: the file has their digests only.`] : []),
    ...(open > 0 ? [`Whether ${open} messages arrived: they have no receipt.`] : []),
    ...(bound > 0 ? [`Who signed ${bound} messages: their keys ended; later ones bind them.`] : []),
    ...unnamed.map(
      (side) => `Whose keys those of the ${side} side are: compare the fingerprints with its own.`,
    ),
    'Whether anything was written after the newest messages here: what no receipt knows of can be left out.',
  ];
}

function placed(signed: readonly Signed[], side: Side): Signed[] {
  return signed
    .filter((m) => m.side === side && m.placement === 'placed')
    .toSorted((a, b) => a.entry.envelope.seq - b.entry.envelope.seq);
}

function setAsideWord(signed: readonly Signed[]): string {
  const count = signed.filter((m) => m.placement !== 'placed').length;
  return count === 0 ? 'none' : `${count}, each an early withdrawal or a fork`;
}

function nameOf(side: Side, seq: number): string {
  return `message ${seq} of the ${side} side`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
