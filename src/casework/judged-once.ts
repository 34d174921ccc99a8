// What this process sealed, or judged when it opened it, fits its schema still: the seal
// lets nobody change it. To judge it at every request took a tenth of its time.
import { limits } from '#model/limits.ts';

/** Seals by their first and last characters, which hold their random IV and their tag. */
const known = new Set<string>();

function idOf(sealed: string): string {
  return `${sealed.slice(0, 16)}${sealed.slice(-22)}`;
}

/** To be called with what was just judged. */
export function noteJudged(sealed: string): void {
  known.add(idOf(sealed));
  if (known.size <= limits.judgedSealsMax) return;
  const [oldest] = known;
  if (oldest !== undefined) known.delete(oldest);
}

/**
 * @param opened UTF-8 JSON that was sealed there
 * @param judge throws where it does not fit
 */
export function judgedOnce<T>(
  sealed: string,
  opened: Uint8Array,
  judge: (opened: Uint8Array) => T,
): T {
  // The very text that was judged, so it has the type that judging gives.
  if (known.has(idOf(sealed))) return JSON.parse(new TextDecoder().decode(opened)) as T;
  const value = judge(opened);
  noteJudged(sealed);
  return value;
}
