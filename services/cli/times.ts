// Points in time as people write them on a command line, in whole seconds.
import type { Clock } from '#model/clock.ts';
import { nowSeconds } from '#model/clock.ts';

import { UsageError } from './usage-error.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  m: 60,
  h: 60 * 60,
  d: 24 * 60 * 60,
};

/** `now`, `24h` or `7d` ago, a date, or a date-time with its zone. @throws UsageError */
export function readTime(name: string, text: string, clock: Clock): number {
  if (text === 'now') return nowSeconds(clock);
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) {
    return nowSeconds(clock) - Number(count) * (UNIT_SECONDS[unit] ?? 0);
  }
  return readDate(name, text);
}

/** A date or a date-time with its zone: what lies ahead is never said as an age. */
export function readDate(name: string, text: string): number {
  const form = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(\.\d{1,3})?(Z|[+-]\d{2}:\d{2}))?$/.test(
    text,
  );
  const ms = form ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms) && ms > 0) return Math.floor(ms / 1000);
  throw new UsageError(
    `--${name}: write 2027-03-01, 2027-03-01T09:00:00+02:00, now, or an age such as 24h or 7d.`,
  );
}

/** `30s`, `5m`, `2h` in milliseconds. @throws UsageError */
export function readDuration(name: string, text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined || Number(count) === 0) {
    throw new UsageError(`--${name}: write a time such as 30s, 5m or 2h.`);
  }
  return Number(count) * (unit === 's' ? 1 : (UNIT_SECONDS[unit] ?? 1)) * 1000;
}
