// The kinds of field that sections are made of. Each takes its description,
// which goes into the JSON Schema; every message here says how to mend.
import { z } from 'zod';

import { limits } from '../limits.ts';
import { COUNTRY_CODES } from './country-codes.ts';
import { SERVICE_CODES } from './service-codes.ts';

export const ANSWERS = ['yes', 'no', 'not-asked', 'declines-to-say'] as const;
export const RISK_LEVELS = ['high', 'medium', 'low', 'not-known'] as const;
export const SIDES = ['referring', 'receiving'] as const;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/* oxlint-disable no-control-regex -- they are what these two refuse */
const ONE_LINE = /^[^\u0000-\u001f\u007f]+$/; // no control characters
const MANY_LINES = /^[^\u0000-\u0008\u000b-\u001f\u007f]+$/; // tab and newline may stay
/* oxlint-enable no-control-regex */

/** One line: a name, a place, a reference. */
export function label(description: string) {
  return z
    .string()
    .max(limits.labelCharsMax)
    .regex(ONE_LINE, 'Write it on one line, not empty and without control characters.')
    .describe(description);
}

/** Some sentences. */
export function text(description: string, charsMax: number = limits.textCharsMax) {
  return z
    .string()
    .max(charsMax)
    .regex(MANY_LINES, 'Write some text without control characters, or leave the field out.')
    .describe(description);
}

export function code<const T extends readonly [string, ...string[]]>(
  codes: T,
  description: string,
) {
  return z.enum(codes).describe(description);
}

/** A question that may be left unasked or unanswered: both are good answers. */
export function answer(description: string) {
  return code(ANSWERS, description);
}

export function service(description: string) {
  return code(SERVICE_CODES, description);
}

export function list<T extends z.ZodType>(item: T, description: string) {
  return z.array(item).max(limits.listItemsMax).describe(description);
}

/** ISO 8601 calendar date. */
export function date(description: string) {
  return z.iso.date('Write a real date as YYYY-MM-DD.').describe(description);
}

/** RFC 3339 date-time; the zone is never left open. */
export function dateTime(description: string) {
  return z.iso
    .datetime({
      offset: true,
      error: 'Write it as 2027-03-01T14:30:00+02:00, seconds and zone too.',
    })
    .describe(description);
}

/** BCP 47 language tag. */
export function language(description: string) {
  return z
    .string()
    .max(35)
    .regex(
      /^[a-z]{2,3}(-[A-Za-z]{4})?(-([A-Z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{4,8})*$/,
      'Write a BCP 47 language tag such as bg, en-GB or sr-Latn.',
    )
    .describe(description);
}

const COUNTRY_REMEDY = 'Write the two capital letters of ISO 3166-1, such as BG or NL.';

/** ISO 3166-1 alpha-2. */
export function country(description: string) {
  return z
    .string()
    .regex(/^[A-Z]{2}$/, { error: COUNTRY_REMEDY, abort: true })
    .refine((value) => COUNTRY_CODES.has(value), {
      error: 'is not a country code of ISO 3166-1',
      params: { remedy: COUNTRY_REMEDY },
    })
    .describe(description);
}

/** ITU-T E.164, in international form. */
export function phone(description: string) {
  return z
    .string()
    .regex(
      /^\+[1-9][0-9]{6,14}$/,
      "Write it in quotes and in international form without blanks, such as '+3592000000'.",
    )
    .describe(description);
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(description: string) {
  return z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'Write a SHA-256 digest: 64 digits 0-9 a-f.')
    .describe(description);
}

export function money(description: string) {
  return z
    .strictObject({
      amount: z.number().min(0).max(1_000_000_000).describe('Amount in whole units and cents.'),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'Write the three capital letters of ISO 4217, such as EUR.')
        .describe('ISO 4217 currency code.'),
    })
    .describe(description);
}

/** From one day to another, both included. */
export function dateWindow(description: string) {
  return z
    .strictObject({
      from: date('First day, YYYY-MM-DD.'),
      to: date('Last day, YYYY-MM-DD.'),
    })
    .refine(({ from, to }) => from <= to, {
      error: 'ends before it begins',
      path: ['to'],
      params: { remedy: 'Put the earlier day into `from`.' },
    })
    .describe(description);
}

const clock = (description: string) =>
  z
    .string()
    .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, 'Write the time as HH:MM, 00:00 to 23:59.')
    .describe(description);

/** Hours of some days of the week, in a named zone. */
export function weeklyHours(description: string) {
  return z
    .strictObject({
      days: z
        .array(z.enum(WEEKDAYS).describe('Day of the week.'))
        .min(1)
        .max(WEEKDAYS.length)
        .describe('Days of the week.'),
      from: clock('Start, HH:MM.'),
      to: clock('End, HH:MM; before the start when it is past midnight.'),
      zone: z
        .string()
        .max(64)
        .regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+){0,2}$/, 'Write a time zone such as Europe/Sofia.')
        .describe('IANA time zone.'),
    })
    .describe(description);
}

/** Someone who can be called. */
export function callable(description: string) {
  return z
    .strictObject({
      name: label('Name as it should be asked for.'),
      role: label('What this person is in the case.'),
      phone: phone('Phone, E.164.'),
    })
    .describe(description);
}
