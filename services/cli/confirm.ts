// Severe acts are asked about once more: the name of the act is typed.
import { Ended, EXIT } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';
import type { Call } from './verb.ts';

/** @throws UsageError where nobody can be asked; Ended where the answer is another one. */
export async function confirm({ flags, io, out }: Call, act: string, what: string): Promise<void> {
  if (flags.isSet('yes')) return;
  if (flags.isSet('no-input') || !io.isTty.stdin) {
    throw new UsageError(`${what} Add --yes if it is meant.`);
  }
  out.note(what);
  const answer = await io.ask(`Type ${act} to go on: `).catch((cause: unknown) => {
    // Ctrl-C at the question.
    if (io.signal.aborted) return '';
    throw cause;
  });
  if (answer.trim() === act && !io.signal.aborted) return;
  out.note('Nothing was done.');
  throw new Ended(EXIT.interrupted);
}
