// A referral as people look at it: state, history, what may be done next.
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { entryOf, type OpenReferral, openReferral, placedOf } from '#exchange/open-referral.ts';
import type { ReferralRow, StoredMessage } from '#exchange/ports.ts';
import { stateDigest } from '#exchange/state-digest.ts';
import { nowSeconds } from '#model/clock.ts';
import { type Role, SECTIONS, type SectionName } from '#model/codes.ts';
import { gate } from '#model/gate.ts';
import type { StepName } from '#model/message.ts';
import { viewFor } from '#model/referral.ts';
import { Refusal } from '#model/refusal.ts';
import { nextSteps } from '#model/steps.ts';
import type { Entry } from '#model/thread.ts';
import { otherSide } from '#model/track.ts';
import type { CaseworkContext } from './context.ts';
import { inReadingOrder } from './reading-order.ts';

export type TimelineLine = {
  author: string;
  seq: number;
  messageId: string;
  step: StepName | 'unread';
  /** Whole seconds. */
  sentAt: number;
  digest: string;
  verdict: 'counts' | 'illegal' | 'void' | 'unread' | 'waiting' | 'fork';
  /** Whole seconds, by a verified receipt; 0 for none. */
  receivedAt: number;
  sections: SectionName[];
  byRole: Role | '';
};

export type SectionLine = {
  section: SectionName;
  state: 'readable' | 'restricted' | 'not-sent';
  /** End of the grant, whole seconds; 0 where none is needed. */
  until: number;
};

export type ReferralView = {
  row: ReferralRow;
  pending: number;
  timeline: TimelineLine[];
  nextSteps: StepName[];
  sections: SectionLine[];
  stateDigest: string;
  notices: string[];
};

/** @throws Refusal NOT_FOUND */
export async function openOwn(
  context: CaseworkContext,
  referralId: string,
): Promise<OpenReferral & { row: ReferralRow }> {
  const stored = await context.store.load(referralId);
  if (!stored.row) throw new Refusal('NOT_FOUND', 'referral_id: no such referral here.');
  return { ...openReferral(stored, context.exchange.context.codec), row: stored.row };
}

/** @throws Refusal NOT_FOUND */
export async function viewReferral(
  context: CaseworkContext,
  referralId: string,
): Promise<ReferralView> {
  const referral = await openOwn(context, referralId);
  const { row, stored, state, side } = referral;
  const own = placedOf(stored.messages, 'own');
  return {
    row,
    pending: own.filter((m) => m.receipt === null).length,
    timeline: timelineOf(context, referral),
    nextSteps: nextSteps(viewFor(side, state)),
    sections: await sectionsOf(context, referral),
    stateDigest: stateDigest(state),
    notices: [...noticesOf(referral), ...notTaken(context, referral)],
  };
}

function timelineOf(context: CaseworkContext, referral: OpenReferral): TimelineLine[] {
  const { codec } = context.exchange.context;
  const stored = new Map(referral.stored.messages.map((message) => [message.digest, message]));
  const entries = referral.stored.messages.map((message) => entryOf(message, codec));
  return inReadingOrder(entries).flatMap((entry) => {
    const message = stored.get(entry.digest);
    return message ? [lineOf(context, referral, message, entry)] : [];
  });
}

function lineOf(
  context: CaseworkContext,
  { side, state }: OpenReferral,
  message: StoredMessage,
  { envelope, content }: Entry,
): TimelineLine {
  const { codec } = context.exchange.context;
  const author = message.author === 'own' ? side : otherSide(side);
  const judged = state.verdicts[author][message.seq - 1]?.verdict ?? 'waiting';
  const waiting = message.placement === 'parked' ? 'waiting' : judged;
  return {
    author: envelope.from,
    seq: message.seq,
    messageId: message.messageId,
    step: content?.body.step ?? 'unread',
    sentAt: envelope.sentAt,
    digest: message.digest,
    verdict: message.placement === 'fork' ? 'fork' : waiting,
    receivedAt:
      message.receipt === null
        ? 0
        : codec.decodeReceipt(readUnverifiedPayload(message.receipt)).receivedAt,
    sections: content?.sections.map((s) => s.section) ?? [],
    byRole: (message.byRole as Role | null) ?? '',
  };
}

/** The sections that the partner sent us or named, and whether they may be opened. */
async function sectionsOf(
  context: CaseworkContext,
  referral: OpenReferral & { row: ReferralRow },
): Promise<SectionLine[]> {
  const { thread, side, state, row } = referral;
  const named = new Set(
    thread[otherSide(side)].flatMap((e) => e.content?.sections.map((s) => s.section) ?? []),
  );
  const stored = await context.store.listSections(row.referralId);
  const held = new Set(
    stored.filter((s) => s.author === 'peer' && s.sealed !== null).map((s) => s.section),
  );
  const recipient = context.organisation;
  const now = nowSeconds(context.clock);
  return SECTIONS.filter((section) => named.has(section)).map((section) => {
    const answer = gate(referral, { section, recipient, nowSeconds: now });
    const ends = state.grants
      .filter((g) => g.grant.recipient === recipient && g.grant.sections.includes(section))
      .map((g) => g.grant.until);
    const readable = answer === 'granted' ? 'readable' : 'restricted';
    return {
      section,
      state: held.has(section) ? readable : 'not-sent',
      until: Math.max(0, ...ends),
    };
  });
}

/** By the partner's own receipts: withdrawn meanwhile, past its time, or its key lost here. */
function notTaken(context: CaseworkContext, { stored, thread, side }: OpenReferral): string[] {
  const { codec } = context.exchange.context;
  return placedOf(stored.messages, 'own').flatMap(({ seq, receipt }) => {
    const named = thread[side][seq - 1]?.content?.sections ?? [];
    if (receipt === null || named.length === 0) return [];
    const { sectionsTaken } = codec.decodeReceipt(readUnverifiedPayload(receipt));
    const missing = named.map((s) => s.section).filter((name) => !sectionsTaken.includes(name));
    return missing.length === 0
      ? []
      : [`the partner has not got ${missing.join(', ')} (message ${seq})`];
  });
}

function noticesOf({ state }: OpenReferral): string[] {
  return [
    ...state.openQuestions.map((seq) => `question ${seq} waits for an answer`),
    ...(state.referring.held ? ['on hold by the referring organisation'] : []),
    ...(state.receiving.held ? ['on hold by the receiving organisation'] : []),
    ...(state.referring.closing === 'cancelling' ? ['cancellation requested'] : []),
    ...(state.travellingWithoutReceiver ? ['travelling without a receiver'] : []),
    ...state.withdrawals.map(
      ({ body }) => `consent withdrawn: ${body.whole ? 'all' : body.sections.join(', ')}`,
    ),
  ];
}
