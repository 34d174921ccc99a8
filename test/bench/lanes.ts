// A closed crowd: so many at work at once, and whoever has ended begins anew
// while there is more to do.
import { sharedMs } from './child.ts';

/** @returns how long each one took, milliseconds */
export async function lanes(
  atOnce: number,
  isMore: () => boolean,
  work: () => Promise<void>,
): Promise<number[]> {
  const latencies: number[] = [];
  const lane = async () => {
    while (isMore()) {
      const startMs = sharedMs();
      await work();
      latencies.push(sharedMs() - startMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return latencies;
}

/** True until so much time is over. */
export function forSeconds(seconds: number): () => boolean {
  const endMs = sharedMs() + seconds * 1000;
  return () => sharedMs() < endMs;
}
