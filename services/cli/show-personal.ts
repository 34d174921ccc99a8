// What describes a person is printed on a terminal only, and only when it is
// asked for by name: a pipe or a file would keep it.
import { ACCESS_REASONS, type AccessReason } from '#model/codes.ts';
import { Refusal } from '#model/refusal.ts';

import { UsageError } from './usage-error.ts';
import type { Call } from './verb.ts';

/** @throws UsageError without --show-personal; Refusal NOT_PERMITTED without a terminal */
export function mustShowPersonal(call: Call, what: string): void {
  if (!call.flags.isSet('show-personal')) {
    throw new UsageError(`${what} describes a person: add --show-personal to print it.`);
  }
  mustHaveTerminal(call);
}

/** @throws Refusal NOT_PERMITTED */
export function mustHaveTerminal({ io }: Call): void {
  if (io.isTty.stdout) return;
  throw new Refusal(
    'NOT_PERMITTED',
    'What describes a person is printed on a terminal only: not into a file or a pipe.',
  );
}

/** Why it is opened, for the access log; left out where the flag is. */
export function whyOf({ flags }: Call): { why?: AccessReason } {
  const why = ACCESS_REASONS.find((one) => one === flags.text('why'));
  return why ? { why } : {};
}
