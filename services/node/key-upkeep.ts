// Keys that renew themselves: nobody has to remember the end of an encryption
// key, and a node that nobody looks after does not fall silent after a month.
import type { Keyring } from '#crypto/keyring.ts';
import { type Clock, nowSeconds } from '#model/clock.ts';
import { incidentOf } from '#model/incident.ts';
import { limits } from '#model/limits.ts';
import type { Log } from '#model/log.ts';

export type KeyUpkeep = AsyncDisposable & { renew(): Promise<void> };

type Parts = { keyring: Keyring; clock: Clock; log: Log };

/** Once before it returns, then every hour until it is disposed of. */
export async function startKeyUpkeep(parts: Parts): Promise<KeyUpkeep> {
  let last = renewKeys(parts);
  await last;
  const renew = () => {
    last = last.then(() => renewKeys(parts));
    return last;
  };
  const timer = setInterval(() => void renew(), limits.keyUpkeepMs);
  return {
    renew,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await last;
    },
  };
}

/**
 * The next encryption key as soon as the current one's time, less the overlap, is
 * over; the private parts of those that are past their overlap are destroyed.
 */
async function renewKeys({ keyring, clock, log }: Parts): Promise<void> {
  try {
    const due = nowSeconds(clock) + limits.encryptionKeyOverlapSeconds;
    const isDue = keyring.list().some(({ purpose, state, retiresAt }) => {
      return purpose === 'encryption' && state === 'current' && (retiresAt ?? due) <= due;
    });
    if (isDue) log.info('key-rotated', { kid: await keyring.rotate('encryption', clock) });
    for (const kid of await keyring.destroyEnded(clock)) log.info('key-destroyed', { kid });
  } catch (cause) {
    // A full disk, say: what there is goes on, and the next hour tries again.
    log.error('key-renewal-failed', incidentOf(cause));
  }
}
