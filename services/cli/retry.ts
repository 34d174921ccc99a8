// The same call again while the node is not reachable, which may have been started
// a moment ago. Acts carry an id of their own, so that nothing is done twice.
import { setTimeout as sleep } from 'node:timers/promises';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

export async function retried<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (cause) {
      const isWorthIt = cause instanceof Refusal && cause.code === 'UNAVAILABLE';
      if (!isWorthIt || attempt >= limits.nodeAttemptsMax || signal.aborted) throw cause;
      const pauseMs = Math.min(limits.callRetryMs * 2 ** attempt, limits.callRetryMsMax);
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
