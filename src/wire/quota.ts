// How often each peer may call: a bucket of tokens that fills evenly.

/** True while the key may call; takes one of its tokens. */
export type Quota = (key: string) => boolean;

type Bucket = { tokens: number; filledAtMs: number };

/**
 * At most `perSecondMax` calls at once and as many per second for each key.
 * @param elapsedMs A monotonic clock and not the program's: this bounds real work, and stories
 * that move the clock have no part in it.
 */
export function createQuota(
  perSecondMax: number,
  keysMax: number,
  elapsedMs: () => number = () => performance.now(),
): Quota {
  const buckets = new Map<string, Bucket>();
  return (key) => {
    const nowMs = elapsedMs();
    const bucket = buckets.get(key) ?? { tokens: perSecondMax, filledAtMs: nowMs };
    const gained = ((nowMs - bucket.filledAtMs) / 1000) * perSecondMax;
    bucket.tokens = Math.min(perSecondMax, bucket.tokens + gained);
    bucket.filledAtMs = nowMs;
    if (buckets.size >= keysMax && !buckets.has(key)) buckets.clear();
    buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
}
