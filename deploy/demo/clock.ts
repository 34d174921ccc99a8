// One clock for everybody in a story: it runs as the machine's does, and can be
// moved on by hours and weeks. Nothing of `srx serve` can reach it.
import type { Clock } from '#model/clock.ts';

export class StoryClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  pass(hours: number): void {
    this.#aheadMs += hours * 60 * 60 * 1000;
  }
}
