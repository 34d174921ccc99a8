// A long history in little time, through the store's own ports: for whoever
// measures a node beside many stored referrals. Nobody signed what stands here.
import { randomBytes } from 'node:crypto';

import { sha256, toBase64url } from '#crypto/digest.ts';
import { MESSAGE_TYP, RECEIPT_TYP } from '#exchange/context.ts';
import type { ReferralChange, StoredMessage, StoredSection, Task } from '#exchange/ports.ts';
import type { SectionName } from '#model/codes.ts';
import { NOTHING_ERASED } from '#model/erasure-record.ts';
import { limits } from '#model/limits.ts';
import type { Body, ChainPosition, Grant, StepName } from '#model/message.ts';
import { otherSide, type Side } from '#model/track.ts';
import type { TrackingEvent } from '#model/tracking-event.ts';
import type { Store } from '#store/open.ts';
import { uuidOf } from '#test/model/story.ts';
import { codec } from '#wire/codec.ts';

export type SeedOptions = {
  /** Whose store it is. The other side's, seeded alike, holds the same chains. */
  side: Side;
  /** Entity ids of the two. */
  organisations: Readonly<Record<Side, string>>;
  /** When the newest of them was written; each is a minute older than the next. */
  nowMs: number;
  /** Number of the first one; a second call goes on where the first ended. */
  first?: number;
  /** One in so many is open still ('received'); the others were declined. */
  openEvery?: number;
  /** Length of the request's section before it is sealed; the others are short. */
  sectionBytes?: number;
  /**
   * With the tracking events, as published ones. The watermark is moved along where
   * there is one, so let the node run once before; else it publishes them all at start.
   */
  withEvents?: boolean;
};

type Step = { side: Side; body: Body; section: SectionName; grants: Grant[] };
type Written = { side: Side; step: StepName; stored: StoredMessage; sections: StoredSection[] };

const AT_ONCE = 2 * limits.writeBatchMax;
const AT_REST_BYTES = limits.sectionSaltBytes + 28; // salt, nonce, tag
const SHORT_SECTION_BYTES = 256;
const SIGNATURE = 'A'.repeat(86);

/**
 * Stores `count` referrals of two organisations, each as both of them left it: the
 * request with its section, the confirmation that names workers and, but for the open
 * ones, a decline with its reason; every message with its receipt. They open and fold
 * like any other, and the same options give the same chains, byte for byte, so that the
 * stores of a pair compare as equal. Only the signatures are missing: no partner would
 * take such a message. Sections are random bytes; no key opens them. No node may run
 * on the store meanwhile.
 * @throws Error where one of them is stored already
 */
export async function seedReferrals(
  store: Store,
  count: number,
  options: SeedOptions,
): Promise<void> {
  const first = options.first ?? 0;
  for (let done = 0; done < count; done += AT_ONCE) {
    const some = Math.min(AT_ONCE, count - done);
    await Promise.all(
      Array.from({ length: some }, async (_, i) => {
        const ageMs = (count - done - i - 1) * 60_000;
        const change = seeded(first + done + i, options.nowMs - ageMs, options);
        const referralId = change.row?.referralId ?? '';
        if (await store.commit(referralId, change)) return;
        throw new Error(`referral ${first + done + i} of the seed is stored already`);
      }),
    );
  }
  if (options.withEvents) await markAllPublished(store);
}

async function markAllPublished(store: Store): Promise<void> {
  for (;;) {
    const rows = await store.unpublishedEvents(limits.outboxBatchMax);
    const position = rows.at(-1)?.position;
    if (position === undefined) return;
    const before = await store.readWatermark();
    const { streamCreated, streamSeq } = before ?? { streamCreated: '', streamSeq: 0 };
    await store.markPublished(
      rows.map((row) => row.position),
      { streamCreated, streamSeq, position: Math.max(position, before?.position ?? 0) },
    );
  }
}

function seeded(index: number, atMs: number, options: SeedOptions): ReferralChange {
  const { side, organisations, openEvery = 100, withEvents = false } = options;
  const isOpen = index % openEvery === 0;
  const messages = writtenMessages(index, atMs, isOpen, options);
  const referralId = uuidOf(['referral', index]);
  const head = (of: Side): ChainPosition | null => {
    const last = messages.findLast((m) => m.side === of)?.stored;
    return last ? { seq: last.seq, digest: last.digest } : null;
  };
  const partner = organisations[otherSide(side)];
  const status = isOpen ? ('received' as const) : ('declined' as const);
  return {
    expectVersion: 0,
    row: {
      referralId,
      partner,
      side,
      caseCode: uuidOf(['case', index]),
      localCode: side === 'referring' ? `TEST-${index}` : null,
      version: 1,
      ownHead: head(side),
      peerHead: head(otherSide(side)),
      status,
      comparedBoot: null,
      createdAtMs: atMs,
      changedAtMs: atMs,
      erasure: NOTHING_ERASED,
    },
    insert: messages.map((m) => m.stored),
    place: [],
    sections: messages.flatMap((m) => m.sections),
    deliveries: [],
    events: withEvents ? messages.flatMap((m) => eventsOf(m, side, partner, status)) : [],
    tasks: isOpen && side === 'receiving' ? [taskOf(referralId, atMs)] : [],
    doneTasks: [],
    deadlines: [],
    goneDeadlines: [],
  };
}

function taskOf(referralId: string, createdAtMs: number): Task {
  return { taskId: uuidOf(['task', referralId]), referralId, kind: 'answer-request', createdAtMs };
}

function eventsOf(
  { side: author, step, stored }: Written,
  side: Side,
  partner: string,
  status: TrackingEvent['status'],
): TrackingEvent[] {
  const { referralId, seq, messageId, storedAtMs: timeMs } = stored;
  const told =
    author === side ? (['step-sent', 'receipt-verified'] as const) : ['step-taken' as const];
  return told.map((what) => {
    const eventId = uuidOf([what, messageId]);
    return { eventId, timeMs, what, referralId, partner, step, seq, messageId, status };
  });
}

function writtenMessages(
  index: number,
  atMs: number,
  isOpen: boolean,
  options: SeedOptions,
): Written[] {
  const sentAt = Math.floor(atMs / 1000);
  const { organisations } = options;
  const request = {
    rulesVersion: limits.rulesVersion,
    caseCode: uuidOf(['case', index]),
    answerBy: sentAt + limits.answerSecondsByPriority.normal,
    secondPerson: false,
  };
  const grant: Grant = {
    grantId: uuidOf(['grant', index]),
    recipient: organisations.receiving,
    sections: ['minimum'],
    stage: 'contact',
    purpose: 'find-support',
    until: 4_000_000_000,
  };
  const steps: Step[] = [
    {
      side: 'referring',
      body: { step: 'referralRequest', referralRequest: request },
      section: 'minimum',
      grants: [grant],
    },
    {
      side: 'receiving',
      body: { step: 'receiptConfirmed', receiptConfirmed: {} },
      section: 'workers',
      grants: [],
    },
  ];
  if (!isOpen) {
    const body = { step: 'declined', declined: {} } as const;
    steps.push({ side: 'receiving', body, section: 'reason', grants: [] });
  }
  const written: Written[] = [];
  for (const step of steps) written.push(write(index, sentAt, step, written, options));
  return written;
}

function write(
  index: number,
  sentAt: number,
  step: Step,
  before: readonly Written[],
  { side, organisations, sectionBytes = 1024 }: SeedOptions,
): Written {
  const referralId = uuidOf(['referral', index]);
  const own = before.findLast((m) => m.side === step.side)?.stored;
  const seen = before.findLast((m) => m.side !== step.side)?.stored;
  const seq = (own?.seq ?? 0) + 1;
  const messageId = uuidOf(['message', index, step.side, seq]);
  const [from, to] = [organisations[step.side], organisations[otherSide(step.side)]];
  const sectionDigest = sha256(`${messageId} ${step.section}`);
  const payload = codec.encodeMessage({
    messageId,
    referralId,
    from,
    to,
    seq,
    previous: own?.digest ?? '',
    ...(seen && { seen: { seq: seen.seq, digest: seen.digest } }),
    sentAt,
    expiresAt: sentAt + limits.messageLifeSecondsMax,
    sections: [{ section: step.section, digest: sectionDigest }],
    grants: step.grants,
    body: step.body,
  });
  const jws = unsigned(MESSAGE_TYP, payload);
  const digest = sha256(jws);
  const receipt = codec.encodeReceipt({
    receiver: to,
    sender: from,
    referralId,
    messageId,
    seq,
    messageDigest: digest,
    verdict: 'taken',
    sectionsTaken: [step.section],
    receivedAt: sentAt,
    read: { seq, digest },
  });
  const author = step.side === side ? 'own' : 'peer';
  const bytes = step.section === 'minimum' ? sectionBytes : SHORT_SECTION_BYTES;
  const sealed = randomBytes(AT_REST_BYTES + bytes).toString('base64url');
  return {
    side: step.side,
    step: step.body.step,
    stored: {
      referralId,
      partner: organisations[otherSide(side)],
      author,
      seq,
      messageId,
      digest,
      jws,
      placement: 'placed',
      receipt: unsigned(RECEIPT_TYP, receipt),
      storedAtMs: sentAt * 1000,
      receiptAtMs: sentAt * 1000,
      byStaff: author === 'own' ? 'test-person' : null,
      byRole: author === 'own' ? 'caseworker' : null,
    },
    sections: [
      {
        referralId,
        author,
        seq,
        section: step.section,
        digest: sectionDigest,
        generation: 1,
        sealed,
      },
    ],
  };
}

const headers = new Map<string, string>();

/** A compact JWS to the letter, with a signature that is nobody's. */
function unsigned(typ: string, payload: Uint8Array): string {
  let header = headers.get(typ);
  if (header === undefined) {
    const fields = { alg: 'Ed25519', kid: sha256('nobody'), typ };
    header = Buffer.from(JSON.stringify(fields)).toString('base64url');
    headers.set(typ, header);
  }
  return `${header}.${toBase64url(payload)}.${SIGNATURE}`;
}
