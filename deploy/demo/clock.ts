// One clock for everybody in a story: it runs as the machine's does, and can be
// moved on by hours and weeks. Nothing of `srx serve` can reach it.
import type { Clock } from '#model/clock.ts';

export class StoryClock implements Clock {
  #aheadMs: number;

  /** @param startMs where it stands at first; left out: as the machine's clock */
  constructor(startMs?: number) {
    this.#aheadMs = startMs === undefined ? 0 : startMs - Date.now();
  }

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  pass(hours: number): void {
    this.#aheadMs += hours * 60 * 60 * 1000;
  }

  /** Moves on to a moment; it never goes back. */
  moveTo(ms: number): void {
    this.#aheadMs = Math.max(this.#aheadMs, ms - Date.now());
  }

  /** Moves on to the machine's own time, where other programs live. */
  arriveAtPresent(): void {
    this.moveTo(Date.now());
  }
}
