// Days in words, as a person says them: never in numbers alone.

const LONG = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** `2027-03-01` or whole seconds → `1 March 2027` (UTC). */
export function dayInWords(day: string | number): string {
  const at = typeof day === 'number' ? day * 1000 : Date.parse(`${day}T00:00:00Z`);
  return LONG.format(at);
}
