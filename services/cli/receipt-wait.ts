// An act is stored before it is delivered. A person is told a moment later
// whether the partner has it; what has no receipt is sent again by itself.
import { setTimeout as sleep } from 'node:timers/promises';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';
import type { CaseworkClient, CaseworkResponse } from '#wire/contracts/casework.ts';

import { readDuration } from './times.ts';
import { UsageError } from './usage-error.ts';
import type { Call, Options } from './verb.ts';

export const WAIT_OPTIONS: Options = {
  wait: { value: 'TIME', help: "for the partner's receipt, such as 30s; exit code 8 without (3s)" },
  'no-wait': { help: 'do not wait for the receipt' },
};

type Outcome = CaseworkResponse<'act'>['outcome'];

export type Wait = { ms: number; isAsked: boolean };

/** Read before the act is sent. @throws UsageError */
export function readWait({ flags }: Call): Wait {
  const text = flags.text('wait');
  if (text !== undefined && flags.isSet('no-wait')) {
    throw new UsageError('Either --wait or --no-wait, not both.');
  }
  if (flags.isSet('no-wait')) return { ms: 0, isAsked: false };
  const ms = text === undefined ? limits.receiptWaitMs : readDuration('wait', text);
  return { ms, isAsked: text !== undefined };
}

/**
 * Whole seconds at which the partner had it, by a verified receipt; 0 for not yet.
 * @throws Refusal TIMED_OUT where a wait was asked for
 */
export async function receiptOf(
  { io, out }: Call,
  client: CaseworkClient,
  { referralId, messageId }: Outcome,
  wait: Wait,
): Promise<number> {
  if (wait.ms === 0) return 0;
  const until = performance.now() + wait.ms;
  out.progress('Stored. Waiting for the receipt of the partner …');
  for (let pauseMs = 25; ; pauseMs = Math.min(2 * pauseMs, limits.receiptPollMsMax)) {
    const { timeline } = await client.getReferral({ referralId });
    const line = timeline.find((one) => one.messageId === messageId);
    if (line && line.receivedAt > 0) return line.receivedAt;
    if (performance.now() + pauseMs > until || io.signal.aborted) break;
    await sleep(pauseMs, undefined, { signal: io.signal }).catch(() => {});
  }
  if (!wait.isAsked) return 0;
  throw new Refusal(
    'TIMED_OUT',
    'It is stored, and the partner has not confirmed it yet. It is sent again by itself; do not repeat it.',
  );
}
