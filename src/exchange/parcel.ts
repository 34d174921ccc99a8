// One of our stored messages, sealed afresh from what may still be sent.
import { seal } from '#crypto/jwe.ts';
import { nowSeconds } from '#model/clock.ts';
import type { SectionContent } from '#model/message.ts';
import { Refusal } from '#model/refusal.ts';
import type { Member } from '#trust/member.ts';
import type { ExchangeContext } from './context.ts';
import { type OpenReferral, openReferral } from './open-referral.ts';
import type { StoredMessage, StoredSection } from './ports.ts';
import { openAtRest, permitted } from './sections.ts';

export async function sealMessage(
  context: ExchangeContext,
  member: Member,
  referral: OpenReferral,
  message: StoredMessage,
): Promise<string> {
  const sections = await stillPermitted(context, member, referral, message);
  const bytes = context.codec.encodeParcel({ message: message.jws, sections });
  return seal(member.sealingKey, bytes);
}

/** Nothing after the message expired, after a grant ended or was withdrawn. */
async function stillPermitted(
  context: ExchangeContext,
  member: Member,
  referral: OpenReferral,
  message: StoredMessage,
): Promise<SectionContent[]> {
  const { thread, side } = referral;
  const entry = thread[side][message.seq - 1];
  const now = nowSeconds(context.clock);
  if (!entry?.content?.sections.length || entry.envelope.expiresAt < now) return [];
  const stored = await context.store.loadSections(message.referralId, 'own', message.seq);
  return permitted(referral, member.organisation, now, stored).flatMap(
    (section) => openIfPossible(context, section) ?? [],
  );
}

/** Without the key there is nothing to send; the message has to go on all the same. */
function openIfPossible(context: ExchangeContext, section: StoredSection): SectionContent | null {
  try {
    return openAtRest(context, section);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { referralId, seq } = section;
    context.log.error('section-unreadable', { referralId, seq, code: error.code });
    return null;
  }
}

export async function loadOpen(context: ExchangeContext, id: string): Promise<OpenReferral> {
  return openReferral(await context.store.load(id), context.codec);
}
