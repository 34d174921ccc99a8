// Opens one section for one person: the gate first, then the record of who
// opened it, then the content.
import { openAtRest } from '#exchange/sections.ts';
import { nowSeconds } from '#model/clock.ts';
import type { AccessReason, SectionName } from '#model/codes.ts';
import type { GrantAnswer } from '#model/consent.ts';
import { gate } from '#model/gate.ts';
import { Refusal } from '#model/refusal.ts';
import { erasuresDue } from '#model/retention.ts';
import { mayBeSearched } from '#model/safety-search.ts';
import { otherSide } from '#model/track.ts';
import { recordOpening } from './access-log.ts';
import { type Actor, mustBeAnother } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { openOwn } from './referrals.ts';

/**
 * The newest version that the partner sent.
 * After the end of the consent a safety search opens two sections for two people, one of them a
 * supervisor: the only reason that makes a difference.
 * @throws Refusal NOT_FOUND, CONSENT_WITHDRAWN, CONSENT_EXPIRED, NOT_CONSENTED, SECOND_PERSON_NEEDED
 */
export async function openSection(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  referralId: string,
  section: SectionName,
  why: AccessReason = 'casework',
): Promise<{ content: Uint8Array; messageId: string }> {
  const referral = await openOwn(context, referralId);
  const { thread, side, row } = referral;
  const recipient = context.organisation;
  const question = { section, recipient, nowSeconds: nowSeconds(context.clock) };
  const answer = gate(referral, question);
  const isSearch =
    answer === 'ended' && why === 'safety-search' && mayBeSearched(referral.state, question);
  if (isSearch) mustBeSupervised(actor, second);
  else mustBeGranted(section, answer);
  mustNotBeKeptOnly(context, referral, section);
  const stored = (await context.store.listSections(row.referralId))
    .filter((s) => s.author === 'peer' && s.section === section && s.sealed !== null)
    .toSorted((a, b) => b.seq - a.seq)[0];
  const opened = stored && openAtRest(context.exchange.context, stored);
  if (!stored || !opened) {
    throw new Refusal('NOT_FOUND', `Section ${section}: the partner has not sent it.`);
  }
  // Recorded before it is shown: an opening that leaves no trace must not be possible.
  const isReported = side === 'receiving';
  for (const reader of isSearch && second ? [actor, second] : [actor]) {
    await recordOpening(context, reader, { referralId, section, isReported }, why);
  }
  const messageId = thread[otherSide(side)][stored.seq - 1]?.envelope.messageId ?? '';
  return { content: opened.content, messageId };
}

/**
 * Past its time it is here for a law alone: nobody works with it any more.
 * @throws Refusal CONSENT_EXPIRED
 */
function mustNotBeKeptOnly(
  { clock }: CaseworkContext,
  { row, thread, state }: Awaited<ReturnType<typeof openOwn>>,
  section: SectionName,
): void {
  if (!row.erasure.kept.some((kept) => kept.section === section)) return;
  const nowMs = clock.now();
  const isPast = erasuresDue(thread, state).some(
    ({ sections, dueAtMs }) => sections.includes(section) && dueAtMs <= nowMs,
  );
  if (!isPast) return;
  throw new Refusal('CONSENT_EXPIRED', `Section ${section}: a law keeps it. It is closed.`);
}

/** @throws Refusal CONSENT_WITHDRAWN, CONSENT_EXPIRED, NOT_CONSENTED */
function mustBeGranted(section: SectionName, answer: GrantAnswer): void {
  if (answer === 'granted') return;
  if (answer === 'withdrawn') {
    throw new Refusal(
      'CONSENT_WITHDRAWN',
      `Section ${section}: the person ended this. It is closed.`,
    );
  }
  if (answer === 'ended') {
    throw new Refusal(
      'CONSENT_EXPIRED',
      `Section ${section}: the consent has ended. It is closed.`,
    );
  }
  throw new Refusal('NOT_CONSENTED', `Section ${section} is not shared with this organisation.`);
}

/** @throws Refusal SECOND_PERSON_NEEDED */
function mustBeSupervised(actor: Actor, second: Actor | null): void {
  mustBeAnother(actor, second);
  if ([actor.role, second?.role].includes('supervisor')) return;
  throw new Refusal(
    'SECOND_PERSON_NEEDED',
    'One of the two people of a safety search must be a supervisor.',
  );
}
