// The one source of time. Nothing in src/ reads a clock of its own.
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
