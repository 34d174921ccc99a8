// Messages that say that data may be in wrong hands. Whether the fold counts them
// makes no difference: a warning is heeded whatever its form.
import { limits } from './limits.ts';
import type { Thread } from './thread.ts';
import type { Side } from './track.ts';

export type BreachNotice = {
  messageId: string;
  /** Who said it. */
  author: Side;
  seq: number;
  /** Whole seconds. */
  sentAt: number;
  /** Sent to the wrong organisation; otherwise it reports a breach. */
  wrongRecipient: boolean;
};

/** By the referring side first, each side's in the order of its chain. */
export function breachNotices(thread: Thread): BreachNotice[] {
  const notices: BreachNotice[] = [];
  for (const author of ['referring', 'receiving'] as const) {
    for (const { envelope, content } of thread[author]) {
      const body = content?.body;
      const wrongRecipient = body?.step === 'enteredInError' && body.enteredInError.wrongRecipient;
      if (!wrongRecipient && body?.step !== 'breachReported') continue;
      const { messageId, seq, sentAt } = envelope;
      notices.push({ messageId, author, seq, sentAt, wrongRecipient });
    }
  }
  return notices;
}

/**
 * Grows with each notice, so that one more is always due anew, and at once, even where
 * the partner's clock is ahead; null for none.
 */
export function noticesDueAtMs(notices: readonly BreachNotice[]): number | null {
  if (notices.length === 0) return null;
  const newest = Math.max(...notices.map(({ sentAt }) => sentAt));
  return (newest - 2 * limits.clockSkewSecondsMax) * 1000 + notices.length;
}
