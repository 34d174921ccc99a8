// A section that a named law keeps, though it is due to be erased: two people say so
// before its time, and until when. It is closed to everybody, and goes then by itself.
import type { SectionName } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';
import { type Actor, mustBeAnother } from './actor.ts';
import type { CaseworkContext } from './context.ts';
import { changeErasure } from './erase-sections.ts';

export type KeepSection = {
  referralId: string;
  section: SectionName;
  /** Its name and article. */
  law: string;
  /** Whole seconds. */
  until: number;
};

/**
 * The same again changes nothing; another law or time replaces what was said.
 * @throws Refusal SECOND_PERSON_NEEDED, NOT_PERMITTED, NOT_FOUND, SCHEMA_VIOLATION
 */
export async function keepSection(
  context: CaseworkContext,
  actor: Actor,
  second: Actor | null,
  { referralId, section, law, until }: KeepSection,
): Promise<void> {
  if (actor.role === 'service') {
    throw new Refusal('NOT_PERMITTED', 'Two people decide what a law keeps, and no other system.');
  }
  mustBeAnother(actor, second);
  const nowMs = context.clock.now();
  if (until * 1000 <= nowMs) {
    throw new Refusal('SCHEMA_VIOLATION', 'until: this lies in the past; say until when it stays.');
  }
  let isHere = false;
  await changeErasure(context, referralId, ({ row, held }) => {
    isHere = held.has(section);
    if (!isHere) return null;
    const others = row.erasure.kept.filter((one) => one.section !== section);
    const by = { byStaff: actor.staffId, secondStaff: second?.staffId ?? '' };
    const kept = { section, law, untilMs: until * 1000, atMs: nowMs, ...by };
    return { erasure: { ...row.erasure, kept: [...others, kept] } };
  });
  if (!isHere) {
    throw new Refusal('NOT_FOUND', `Section ${section} is not here: nothing of it can be kept.`);
  }
  await context.store.setDeadline(referralId, { kind: 'erase-kept', dueAtMs: until * 1000 });
}
