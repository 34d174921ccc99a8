// Turns what zod finds in a value that a person wrote into faults that the
// person can mend. Names of fields and codes only: a value is never repeated.
import { z } from 'zod';

import { nearest } from './nearest-name.ts';
import { valueAt } from './plan/field-path.ts';

/**
 * `path` leads to the value, or for a missing one to where it belongs.
 * `unknownKey` is the key in the value at `path` that is at fault; it may be
 * personal, so it is for finding the line and never shown.
 */
export type Fault = {
  path: PropertyKey[];
  unknownKey?: string;
  what: string;
  remedy: string;
};

const CODES_SHOWN_MAX = 24;

const TYPE_FAULTS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  string: ['must be text', 'Write text; put a number, a date or a phone in quotes.'],
  number: ['must be a number', 'Write a number without quotes.'],
  int: ['must be a whole number', 'Write a whole number without quotes.'],
  boolean: ['must be true or false', 'Write true or false without quotes.'],
  object: ['must be a group of fields', 'Write its fields below it, each with a name.'],
  array: ['must be a list', 'Write a list; [] for an empty one.'],
};

/** Every fault of a value by this schema; empty when there is none. */
export function schemaFaults(schema: z.ZodType, value: unknown): Fault[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => fromIssue(schema, issue, value));
}

type Issue = z.core.$ZodIssue;

function fromIssue(schema: z.ZodType, issue: Issue, value: unknown): Fault[] {
  const path = [...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField(schema, path, key));
  }
  const found = valueAt(value, path);
  if (found === undefined) return [missing(schema, path)];
  if (found === null) {
    return [{ path, what: 'is empty', remedy: 'Write a value, or leave the field out.' }];
  }
  return [{ path, ...mend(issue, found, about(schema, path)) }];
}

/** @param described what the schema says of the field */
function mend(issue: Issue, found: unknown, described: string): { what: string; remedy: string } {
  switch (issue.code) {
    case 'invalid_type': {
      const [what, remedy] = TYPE_FAULTS[issue.expected] ?? ['has the wrong type', described];
      return { what, remedy };
    }
    case 'invalid_value':
      return wrongCode(issue.values, issue.message, found);
    case 'invalid_format':
      return { what: 'is not written as it must be', remedy: ownMessage(issue.message, described) };
    case 'too_big':
      return { what: `has more than ${issue.maximum}${unit(issue.origin)}`, remedy: 'Shorten it.' };
    case 'too_small':
      return { what: `has less than ${issue.minimum}${unit(issue.origin)}`, remedy: described };
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy'];
      return { what: issue.message, remedy: typeof remedy === 'string' ? remedy : described };
    }
    default:
      return { what: 'is not allowed', remedy: described };
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}

/** A schema's own message says how to mend; zod's own begins so and does not. */
function ownMessage(message: string, described: string): string {
  return message.startsWith('Invalid') ? described : message;
}

function wrongCode(values: readonly unknown[], message: string, found: unknown) {
  const names = values.map(String);
  const close = typeof found === 'string' ? nearest(found, names) : undefined;
  const shown = names.slice(0, CODES_SHOWN_MAX).join(', ');
  const more = names.length > CODES_SHOWN_MAX ? ' … (all in docs/case-file.schema.json)' : '';
  const list = names.length > 1 ? `Choose one of ${shown}${more}.` : message;
  return {
    what: 'is not one of the allowed values',
    remedy: close === undefined ? list : `Did you mean ${close}? ${list}`,
  };
}

function missing(schema: z.ZodType, path: PropertyKey[]): Fault {
  return { path, what: 'is missing', remedy: `Add it. ${about(schema, path)}` };
}

function unknownField(schema: z.ZodType, path: PropertyKey[], key: string): Fault {
  const owner = schemaAt(schema, path);
  const known = owner instanceof z.ZodObject ? Object.keys(owner.shape) : [];
  const close = nearest(key, known);
  return {
    path,
    unknownKey: key,
    what: 'has a field that does not exist',
    remedy:
      close === undefined
        ? `Take it out; known are ${known.slice(0, CODES_SHOWN_MAX).join(', ')}.`
        : `Did you mean ${close}?`,
  };
}

/** What the schema says of the field, so that one need not look it up. */
function about(schema: z.ZodType, path: PropertyKey[]): string {
  return schemaAt(schema, path)?.description ?? 'See the schemas in docs.';
}

/** As much of a path as the format knows: an unknown name may be personal. */
export function knownPath(schema: z.ZodType, path: readonly PropertyKey[]): PropertyKey[] {
  const unknown = path.findIndex((_, i) => schemaAt(schema, path.slice(0, i + 1)) === undefined);
  return path.slice(0, unknown < 0 ? path.length : unknown);
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let here: unknown = schema;
  for (const step of path) {
    const outer = unwrapped(here);
    if (outer instanceof z.ZodObject) here = outer.shape[String(step)];
    else if (outer instanceof z.ZodArray) here = outer.element;
    else return undefined;
  }
  const found = unwrapped(here);
  return found instanceof z.ZodType ? found : undefined;
}

function unwrapped(schema: unknown): unknown {
  let here = schema;
  while (
    here instanceof z.ZodOptional ||
    here instanceof z.ZodDefault ||
    here instanceof z.ZodNullable
  ) {
    here = here.unwrap();
  }
  return here;
}
