// The way out. An act becomes the next message of our chain: judged by the
// fold and the gate first, stored, then delivered. Nothing illegal is sent.
import { isDeepStrictEqual } from 'node:util';

import { nowSeconds } from '#model/clock.ts';
import type { SectionName } from '#model/codes.ts';
import type { Status } from '#model/crossing.ts';
import { NOTHING_ERASED } from '#model/erasure-record.ts';
import { type Known, throughGate } from '#model/gate.ts';
import { limits } from '#model/limits.ts';
import type { Body, Grant, Message } from '#model/message.ts';
import { fold, type ReferralState, type Verdict } from '#model/referral.ts';
import { Refusal, type RefusalCode } from '#model/refusal.ts';
import { type Entry, isUnvoidable, type Thread } from '#model/thread.ts';
import type { Side } from '#model/track.ts';
import type { Placing } from './arrived.ts';
import { changeOf, trackingEvent } from './change.ts';
import { type ExchangeContext, hasCompared } from './context.ts';
import { entryOf, extended, type OpenReferral, openReferral } from './open-referral.ts';
import type { ReferralRow, StoredMessage } from './ports.ts';
import { digested, sealAtRest } from './sections.ts';
import { mustFollowInTime, nextEnvelope, write } from './write.ts';

export type Draft = {
  /** UUIDv4 made by the caller: the same draft again is sent once. */
  messageId: string;
  referralId: string;
  body: Body;
  /** UTF-8 JSON of each section's schema, already checked. */
  sections: readonly { section: SectionName; content: Uint8Array }[];
  grants: readonly Grant[];
  by: { staffId: string; role: string };
  /** Set for a request: the referral that it opens. */
  opens?: { partner: string; caseCode: string; localCode: string };
};

export type Sent = { referralId: string; messageId: string; seq: number; status: Status };

/**
 * Stores the message and hands it to delivery; returns after the commit.
 * @throws Refusal ILLEGAL_STEP, NOT_CONSENTED, CONSENT_WITHDRAWN, CONSENT_EXPIRED, NOT_FOUND,
 *   SYNC_FIRST, CONFLICT, CLOCK_OFF; then nothing was stored
 */
export async function send(
  context: ExchangeContext,
  placing: Placing,
  draft: Draft,
): Promise<Sent> {
  for (let attempt = 0; attempt < limits.commitRetriesMax; attempt += 1) {
    const sent = await inTurnOf(context, draft, () => sendOnce(context, draft));
    if (sent === 'compare') await compareFirst(context, placing, draft.referralId);
    else if (sent) return sent;
  }
  throw new Refusal('UNAVAILABLE', 'The referral is busy; try the act again.');
}

/** Two requests with one id would each open a referral: they take turns by the id. */
function inTurnOf<T>(context: ExchangeContext, draft: Draft, work: () => Promise<T>): Promise<T> {
  const once = () => context.inTurn(draft.referralId, work, isWithdrawal(draft));
  return draft.opens ? context.inTurn(draft.messageId, once) : once();
}

function isWithdrawal({ body }: Draft): boolean {
  return body.step === 'consentWithdrawn';
}

async function compareFirst(
  context: ExchangeContext,
  placing: Placing,
  referralId: string,
): Promise<void> {
  const { row } = await context.store.load(referralId);
  const member = row && context.members.find(row.partner);
  let cause: unknown;
  if (member) {
    try {
      if (await placing.compare(referralId, member)) return;
    } catch (error) {
      // Not our own node is away, as UNAVAILABLE would say, but the partner's.
      if (!(error instanceof Refusal)) throw error;
      cause = error;
    }
  }
  throw new Refusal(
    'SYNC_FIRST',
    'Since this node started, it could not compare notes with the partner: try again when the partner answers. Nothing is lost.',
    { cause },
  );
}

/** Null: somebody else was faster. 'compare': heads were not compared since the start. */
async function sendOnce(context: ExchangeContext, draft: Draft): Promise<Sent | 'compare' | null> {
  // Each time anew: a comparison may have brought back that it was sent before.
  const twin = await context.store.findMessageById(draft.messageId);
  if (twin) return alreadySent(context, twin, draft);
  const stored = await context.store.load(draft.referralId);
  const { row } = stored;
  if (draft.opens && row) {
    throw new Refusal('CONFLICT', 'referral_id: this referral exists already.');
  }
  if (!draft.opens && !row) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  // A withdrawal waits for nothing: not for the partner, not for a restored copy.
  if (row && !isWithdrawal(draft) && !hasCompared(context, row)) return 'compare';
  return append(context, draft, openReferral(stored, context.codec));
}

async function append(
  context: ExchangeContext,
  draft: Draft,
  referral: OpenReferral,
): Promise<Sent | null> {
  const { row } = referral.stored;
  const side = draft.opens ? 'referring' : referral.side;
  const partner = row?.partner ?? draft.opens?.partner ?? '';
  // Later steps are said now and delivered once the partner is a live member
  // again: a node that was away for two days has no statement that is valid.
  if (draft.opens && !context.members.find(partner)) {
    throw new Refusal('NOT_A_MEMBER', 'recipient: no live member of the federation has this id.');
  }
  const { digests, contents } = digested(draft.referralId, draft.sections);
  const names = { messageId: draft.messageId, referralId: draft.referralId, to: partner };
  const message: Message = {
    ...nextEnvelope(context, referral.thread, side, names, draft.body.step),
    sections: digests,
    grants: [...draft.grants],
    body: draft.body,
  };
  const state = judged(context, referral.thread, side, message);
  const written = await write(context, message, draft.by);
  const thread = extended(referral.thread, side, written.entry);
  const { seq } = message;
  const place = { referralId: draft.referralId, author: 'own', seq } as const;
  const erasure = row?.erasure ?? NOTHING_ERASED;
  const sections = await sealAtRest(context, place, erasure, digests, contents);
  const change = changeOf(context, referral, {
    partner,
    side,
    caseCode: row?.caseCode ?? draft.opens?.caseCode ?? '',
    localCode: row?.localCode ?? draft.opens?.localCode ?? null,
    thread,
    state,
    comparedBoot: draft.opens ? context.boot : null,
  });
  const done = await context.store.commit(draft.referralId, {
    ...change,
    insert: [written.stored],
    sections,
    deliveries: [written.delivery],
    events: [trackingEvent(context, 'step-sent', change.row, written.entry)],
  });
  if (!done) return null;
  if (isWithdrawal(draft)) context.recall.all(draft.referralId);
  context.onEvents();
  context.onDelivery(written.delivery);
  return { referralId: draft.referralId, messageId: draft.messageId, seq, status: state.status };
}

const CONSENT_CODES: Readonly<Record<string, RefusalCode>> = {
  'not-granted': 'NOT_CONSENTED',
  withdrawn: 'CONSENT_WITHDRAWN',
  ended: 'CONSENT_EXPIRED',
};

const CONSENT_WORDS: Readonly<Record<string, string>> = {
  'not-granted': 'the person did not agree that this organisation gets it',
  withdrawn: 'the person withdrew this',
  ended: 'the consent for it has ended; ask the person again',
};

/**
 * The state with this message in it; before it is signed, for nothing refers to
 * the digest of the last message yet.
 * @throws Refusal ILLEGAL_STEP, NOT_CONSENTED, CONSENT_WITHDRAWN, CONSENT_EXPIRED, CLOCK_OFF
 */
function judged(
  context: ExchangeContext,
  thread: Thread,
  side: Side,
  message: Message,
): ReferralState {
  const { sections, grants, body, ...envelope } = message;
  const entry: Entry = { digest: '', envelope, content: { sections, grants, body } };
  if (isUnvoidable(entry)) mustCarryNothing(message);
  else mustFollowInTime(thread, side, envelope);
  const next = extended(thread, side, entry);
  const state = fold(next);
  // A withdrawal counts in a referral that a fork has cut short, too.
  if (!isUnvoidable(entry)) mustCount(state.verdicts[side][message.seq - 1]);
  mustPassGate(context, { thread: next, state }, message);
  return state;
}

/** The receiver takes none of it from a step that counts without judgement. */
function mustCarryNothing({ sections, grants }: Message): void {
  if (sections.length + grants.length === 0) return;
  throw new Refusal('ILLEGAL_STEP', 'A withdrawal has no sections and no grants: send it alone.');
}

function mustCount(given: Verdict | undefined): void {
  if (given?.verdict === 'counts') return;
  const reason = given?.reason ?? given?.verdict ?? 'two messages have one number';
  const consent = /^section ([a-z]+): ([a-z-]+)$/.exec(reason);
  if (consent) throw notConsented(consent[1] ?? '', consent[2] ?? '');
  throw new Refusal('ILLEGAL_STEP', `This step cannot be taken now: ${reason}.`);
}

function mustPassGate(context: ExchangeContext, known: Known, message: Message): void {
  const question = { recipient: message.to, nowSeconds: nowSeconds(context.clock) };
  const names = message.sections.map(({ section }) => section);
  const [first] = throughGate(known, question, names).stays;
  if (first) throw notConsented(first.section, first.why);
}

function notConsented(section: string, answer: string): Refusal {
  const code = CONSENT_CODES[answer] ?? 'NOT_CONSENTED';
  return new Refusal(code, `Section ${section}: ${CONSENT_WORDS[answer] ?? answer}.`);
}

/** The caller may ask twice: the first answer stands. Another act is never lost in it. */
async function alreadySent(
  context: ExchangeContext,
  twin: StoredMessage,
  draft: Draft,
): Promise<Sent> {
  const { row } = await context.store.load(twin.referralId);
  if (!row || !isSameAct(context, twin, row, draft))
    throw new Refusal('CONFLICT', 'request_id: another act has this id.');
  const { referralId, messageId, seq } = twin;
  return { referralId, messageId, seq, status: row.status };
}

/** Times and case code of a request are made anew at each try; its partner and case are not. */
function isSameAct(
  context: ExchangeContext,
  twin: StoredMessage,
  row: ReferralRow,
  { opens, referralId, body }: Draft,
): boolean {
  if (twin.author !== 'own') return false;
  if (opens) {
    return (
      twin.seq === 1 &&
      row.partner === opens.partner &&
      (row.localCode ?? opens.localCode) === opens.localCode
    );
  }
  const sent = entryOf(twin, context.codec).content?.body;
  return twin.referralId === referralId && isDeepStrictEqual(sent, body);
}
