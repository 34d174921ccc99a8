// What zod found, as a Refusal that names the field and never its value.
import type { z } from 'zod';

import { Refusal, type RefusalCode } from '#model/refusal.ts';

/** `what` begins the sentence: "The message". */
export function shapeRefusal(
  what: string,
  error: z.ZodError,
  code: RefusalCode = 'SCHEMA_VIOLATION',
): Refusal {
  const [issue] = error.issues;
  const field = issue === undefined ? '' : fieldName(issue);
  const where = field === '' ? 'as a whole' : `in ${field}`;
  return new Refusal(
    code,
    `${what} is not as its schema says, ${where}. Correct it and try again.`,
  );
}

// Keys that came from outside could be words about a person; only those that
// look like a field of ours are named.
function fieldName(issue: z.core.$ZodIssue): string {
  return issue.path
    .filter((key) => typeof key === 'number' || (typeof key === 'string' && /^\w{1,40}$/.test(key)))
    .map(String)
    .join('.');
}
