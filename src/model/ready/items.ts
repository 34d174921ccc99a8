// What a checklist is made of: one item for each condition, and the facts that
// it is judged by. An item that is missing is shown, and never counted as done.
import type { CaseFile } from '../case-file.ts';
import type { Consent } from '../plan/consent.ts';
import { isChild } from '../plan/minimum.ts';
import type { Assessment } from '../track.ts';
import type { READY_STATES, READY_STEPS, ReadyCode } from './ready-codes.ts';

export type ReadyItem = {
  code: ReadyCode;
  state: (typeof READY_STATES)[number];
  /** Plain, for a caseworker; it holds nothing of the person. */
  words: string;
  /** First day on which it can be done, YYYY-MM-DD; empty where that is now. */
  notBefore: string;
};

export type ReadyFacts = {
  step: (typeof READY_STEPS)[number];
  caseFile: Pick<CaseFile, 'sections' | 'preparation'>;
  /** The newest consent receipt about this recipient. */
  consent: Consent | null;
  nowSeconds: number;
  /** Somebody else, of another role, acts too. */
  hasSecond: boolean;
  /** For a release: what both chains say. */
  referral: { acceptedAt: number; ours: Assessment | null; theirs: Assessment | null } | null;
  /** When the person said yes again, whole seconds; 0 for not yet. */
  reconfirmedAt: number;
};

/** One condition: done, or open with what is to be done about it. */
export function item(code: ReadyCode, isDone: boolean, done: string, open: string): ReadyItem {
  return { code, state: isDone ? 'done' : 'open', words: isDone ? done : open, notBefore: '' };
}

/** A day that has begun; not in the future, and a real one. */
export function isPast(date: string | undefined, nowSeconds: number): boolean {
  return date !== undefined && secondsOf(date) <= nowSeconds;
}

/** Midnight UTC at which that day begins. */
export function secondsOf(date: string): number {
  return Date.parse(date) / 1000;
}

/** Eighteenth birthday as a day, where the case tells. */
export function turns18On({ caseFile }: Pick<ReadyFacts, 'caseFile'>): string | undefined {
  const born = caseFile.sections.identity?.birthDate?.value;
  if (born === undefined) return caseFile.preparation?.turns18On;
  return `${Number(born.slice(0, 4)) + 18}${born.slice(4)}`.replace(/-02-29$/, '-03-01');
}

/** The day has come; the rules of a child end, and the own yes is asked for. */
function hasComeOfAge(facts: Pick<ReadyFacts, 'caseFile' | 'nowSeconds'>): boolean {
  return (
    facts.caseFile.sections.minimum.child === 'yes' && isPast(turns18On(facts), facts.nowSeconds)
  );
}

/** Age in doubt counts as child (CoE Convention, Article 10(3)). */
export function countsAsChild(facts: Pick<ReadyFacts, 'caseFile' | 'nowSeconds'>): boolean {
  return isChild(facts.caseFile.sections.minimum) && !hasComeOfAge(facts);
}

/** A removal or detention: SRX arranges none, and lets somebody be met. */
export function isForced({ caseFile }: Pick<ReadyFacts, 'caseFile'>): boolean {
  const basis = caseFile.sections.return?.basis;
  return basis === 'removal-ordered' || basis === 'detention';
}
