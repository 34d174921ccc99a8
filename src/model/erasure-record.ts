// What was erased of a referral here, and what a law keeps. It stands in the row of
// the referral, so that every step reads it and none can cross it unseen.
import { z } from 'zod';

import { SECTIONS, type SectionName } from './codes.ts';
import { limits } from './limits.ts';

export const ERASURE_CAUSES = ['withdrawn', 'arrived', 'ended'] as const;
export type ErasureCause = (typeof ERASURE_CAUSES)[number];

/** As people see a section of theirs. */
export const ERASURE_STATES = ['held', 'kept', 'erasing', 'erased'] as const;

const anySection = z.enum(SECTIONS);
const ms = z.int().min(0);

/** Stands before a key is destroyed, and forbids that the same key is made again. */
export const Tombstone = z.strictObject({
  section: anySection,
  /** Of the key, from 1. */
  generation: z.int().min(1),
  cause: z.enum(ERASURE_CAUSES),
  sinceMs: ms,
  /** When every registered place had taken it; null while one has not. */
  erasedAtMs: ms.nullable(),
});
export type Tombstone = z.infer<typeof Tombstone>;

/** A section that a law keeps: closed to everybody, and erased when its time is over. */
const KeptSection = z.strictObject({
  section: anySection,
  law: z.string().min(1).max(limits.labelCharsMax),
  untilMs: ms,
  atMs: ms,
  byStaff: z.string(),
  secondStaff: z.string(),
});

export const ErasureRecord = z.strictObject({
  tombstones: z.array(Tombstone),
  kept: z.array(KeptSection),
});
export type ErasureRecord = z.infer<typeof ErasureRecord>;

export const NOTHING_ERASED: ErasureRecord = { tombstones: [], kept: [] };

/** Of the key under which a section is sealed now; each erasure begins a new one. */
export function keyGeneration({ tombstones }: ErasureRecord, name: SectionName): number {
  return 1 + tombstones.filter(({ section }) => section === name).length;
}

/**
 * What was said before a section was erased stays erased, also when it comes again:
 * only a later message may bring the section back.
 */
export function isErasedFor(
  { tombstones }: ErasureRecord,
  name: SectionName,
  sentAtSeconds: number,
): boolean {
  return tombstones.some(
    ({ section, sinceMs }) => section === name && sentAtSeconds * 1000 <= sinceMs,
  );
}
