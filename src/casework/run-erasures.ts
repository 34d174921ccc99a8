// The clock's part in erasing: what is due goes, unless a law keeps it or a legal demand
// holds it; then our own chain says so to the partner, and an alarm what it leaves unsaid.
import { uuid4, uuid4From } from '#crypto/digest.ts';
import type { Draft } from '#exchange/send.ts';
import { SECTIONS, type SectionName } from '#model/codes.ts';
import type { ErasureRecord } from '#model/erasure-record.ts';
import { limits } from '#model/limits.ts';
import type { StepBody } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { Refusal } from '#model/refusal.ts';
import { type ErasureDue, erasuresDue, evidenceEndsAtMs } from '#model/retention.ts';
import type { CaseworkContext } from './context.ts';
import { eraseSections, type Holding, loadHolding } from './erase-sections.ts';
import { NODE_ACTOR } from './node-actor.ts';

/**
 * Work of every deadline of erasing: may be run at any time, and twice.
 * @throws Refusal UNAVAILABLE while a place of the key file has not taken an erasure
 */
export async function runErasures(context: CaseworkContext, referralId: string): Promise<void> {
  const before = await loadHolding(context, referralId);
  if (!before) return;
  const nowMs = context.clock.now();
  if (await context.store.openDemand(referralId)) {
    const again = { kind: 'erase-held', dueAtMs: nowMs + limits.heldErasureLookMs };
    return context.store.setDeadline(referralId, again);
  }
  await eraseSections(context, referralId, (holding) => chosenNow(holding, nowMs));
  const after = await loadHolding(context, referralId);
  if (!after) return;
  await answerWithdrawals(context, after, nowMs);
  await setNext(context, after, nowMs);
}

/** What is due now, of that which no law keeps; what came later than its time stays. */
function chosenNow(holding: Holding, nowMs: number) {
  const { thread, state, row, held } = holding;
  const kept = keptNow(row.erasure, nowMs);
  const due = erasuresDue(thread, state).filter(({ dueAtMs }) => dueAtMs <= nowMs);
  return SECTIONS.filter((section) => held.has(section) && !kept.has(section)).flatMap(
    (section) => {
      const why = due.find(
        ({ sections, dueAtMs }) =>
          sections.includes(section) &&
          !row.erasure.tombstones.some((t) => t.section === section && t.sinceMs >= dueAtMs),
      );
      return why ? [{ section, cause: why.cause }] : [];
    },
  );
}

function keptNow({ kept }: ErasureRecord, nowMs: number): Set<SectionName> {
  return new Set(kept.filter(({ untilMs }) => untilMs > nowMs).map(({ section }) => section));
}

/** One for each withdrawal whose time has come, and one more when something kept has gone. */
async function answerWithdrawals(
  context: CaseworkContext,
  holding: Holding,
  nowMs: number,
): Promise<void> {
  const due = erasuresDue(holding.thread, holding.state).filter(
    ({ withdrawalId, dueAtMs }) => withdrawalId !== null && dueAtMs <= nowMs,
  );
  for (const [withdrawalId, sections] of bySubject(due)) {
    const answer = answerOf(holding, withdrawalId, sections, nowMs);
    if (answer && !isSaid(holding, answer)) await say(context, holding, answer, nowMs);
  }
}

function bySubject(due: readonly ErasureDue[]): Map<string, Set<SectionName>> {
  const found = new Map<string, Set<SectionName>>();
  for (const { withdrawalId, sections } of due) {
    if (withdrawalId === null) continue;
    const all = found.get(withdrawalId) ?? new Set();
    found.set(withdrawalId, all);
    for (const section of sections) all.add(section);
  }
  return found;
}

type Answer = StepBody<'erasureConfirmed'>;

/** Null while something of it is neither gone nor kept. */
function answerOf(
  { row, held }: Holding,
  withdrawalId: string,
  covered: ReadonlySet<SectionName>,
  nowMs: number,
): Answer | null {
  const { tombstones } = row.erasure;
  const keptHere = keptNow(row.erasure, nowMs);
  const kept = SECTIONS.filter((name) => covered.has(name) && held.has(name) && keptHere.has(name));
  const gone = SECTIONS.filter((name) => covered.has(name) && !kept.includes(name));
  const isOpen = (name: SectionName) =>
    held.has(name) || tombstones.some((t) => t.section === name && t.erasedAtMs === null);
  if (gone.some(isOpen)) return null;
  const erased = gone.filter((name) => tombstones.some(({ section }) => section === name));
  return { withdrawalId, erased, kept };
}

function isSaid({ thread, side }: Holding, answer: Answer): boolean {
  const ours = thread[side].flatMap(({ content }) =>
    content?.body.step === 'erasureConfirmed' ? [content.body.erasureConfirmed] : [],
  );
  const last = ours.findLast(({ withdrawalId }) => withdrawalId === answer.withdrawalId);
  const isSame = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((name) => b.includes(name));
  return last !== undefined && isSame(last.erased, answer.erased) && isSame(last.kept, answer.kept);
}

async function say(
  context: CaseworkContext,
  { row }: Holding,
  answer: Answer,
  nowMs: number,
): Promise<void> {
  const { referralId } = row;
  const kept = row.erasure.kept.filter(
    ({ section, untilMs }) => answer.kept.includes(section) && untilMs > nowMs,
  );
  const reason = {
    code: 'kept-under-law',
    kept: kept.map(({ section, law, untilMs }) => {
      return { section, law, until: new Date(untilMs).toISOString().slice(0, 10) };
    }),
  };
  const draft: Draft = {
    // The same for the same answer: one that comes back after a restore is not said again.
    messageId: uuid4From(JSON.stringify([context.organisation, answer])),
    referralId,
    body: { step: 'erasureConfirmed', erasureConfirmed: answer },
    sections:
      kept.length === 0 ? [] : [{ section: 'reason', content: encodeSection('reason', reason) }],
    grants: [],
    by: NODE_ACTOR,
  };
  try {
    await sendOnce(context, draft);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await sayLater(context, referralId, error);
  }
}

/** A partner that took the id, which it can reckon, must not keep the answer from being said. */
async function sendOnce({ exchange }: CaseworkContext, draft: Draft): Promise<void> {
  try {
    await exchange.send(draft);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'CONFLICT') throw error;
    await exchange.send({ ...draft, messageId: uuid4() });
  }
}

/** Behind a fork, or at the end of the numbers, nothing can be said: the partner's alarm rings. */
async function sayLater(context: CaseworkContext, referralId: string, error: Refusal) {
  const { log } = context.exchange.context;
  log.warn('erasure-not-told', { referralId, code: error.code });
  if (error.code === 'ILLEGAL_STEP' || error.code === 'TOO_LARGE') return;
  const dueAtMs = context.clock.now() + limits.deadlineRetryMs;
  await context.store.setDeadline(referralId, { kind: 'erase-answer', dueAtMs });
}

/** Of a referral that nobody ended the times move with its grants: the next one is set here. */
async function setNext(context: CaseworkContext, holding: Holding, nowMs: number): Promise<void> {
  const { thread, state, row, held } = holding;
  const next = erasuresDue(thread, state)
    .filter(({ cause, sections }) => cause === 'ended' && sections.some((name) => held.has(name)))
    .filter(({ dueAtMs }) => dueAtMs > nowMs);
  for (const { kind, dueAtMs } of next) {
    await context.store.setDeadline(row.referralId, { kind, dueAtMs });
  }
  const keptUntil = row.erasure.kept
    .filter(({ section, untilMs }) => held.has(section) && untilMs > nowMs)
    .map(({ untilMs }) => untilMs);
  if (keptUntil.length > 0) {
    const dueAtMs = Math.min(...keptUntil);
    await context.store.setDeadline(row.referralId, { kind: 'erase-kept', dueAtMs });
  }
  const dueAtMs = evidenceEndsAtMs(thread, state);
  if (dueAtMs !== null) {
    await context.store.setDeadline(row.referralId, { kind: 'remove-evidence', dueAtMs });
  }
}

/** Work of 'remove-evidence': the rest of the keys, then every row. */
export async function removeEvidence(context: CaseworkContext, referralId: string): Promise<void> {
  await runErasures(context, referralId);
  const holding = await loadHolding(context, referralId);
  if (!holding) return;
  const endsAtMs = evidenceEndsAtMs(holding.thread, holding.state);
  if (endsAtMs === null || endsAtMs > context.clock.now()) return;
  if (await context.store.openDemand(referralId)) return;
  if (keptNow(holding.row.erasure, context.clock.now()).size > 0) return;
  await eraseSections(context, referralId, ({ held }) =>
    [...held].map((section) => ({ section, cause: 'ended' })),
  );
  await context.keyFile.destroy([`${referralId}/matter`]);
  await context.store.removeReferral(referralId);
}
