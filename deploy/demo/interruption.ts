// What ends the demo early: Ctrl-C or SIGTERM, and, under npm, the end of the
// shell that npm started it with. npm passes a SIGTERM on to that shell only.
import { Ended, EXIT } from '#services/cli/exit-codes.ts';
import type { Io } from '#services/cli/io.ts';

const LOOK_MS = 500;

export type Interruption = Disposable & {
  signal: AbortSignal;
  /** Never resolves. @throws Ended */
  comes: Promise<never>;
};

export function watchForInterruption(io: Pick<Io, 'signal' | 'env'>): Interruption {
  const orphaned = new AbortController();
  const parent = process.ppid;
  const timer = io.env['npm_lifecycle_event']
    ? setInterval(() => process.ppid === parent || orphaned.abort(), LOOK_MS).unref()
    : undefined;
  const signal = AbortSignal.any([io.signal, orphaned.signal]);
  const comes = new Promise<never>((_, reject) => {
    const end = () => reject(new Ended(EXIT.interrupted));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
  // Not everybody waits for it at every moment.
  comes.catch(() => {});
  return { signal, comes, [Symbol.dispose]: () => clearInterval(timer) };
}
