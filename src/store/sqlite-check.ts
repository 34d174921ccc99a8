// Whether a database file is sound. It takes a second for each gigabyte, so a
// thread of its own reads it, and the node goes on meanwhile.
import { Worker } from 'node:worker_threads';

const underway = new Map<string, Promise<Soundness>>();

/** 'unread': it could not be read to its end. */
export type Soundness = 'ok' | 'damaged' | 'unread';

/** Exit code of the thread. */
export const DAMAGED = 3;
const ANSWERS: Readonly<Record<number, Soundness>> = { 0: 'ok', [DAMAGED]: 'damaged' };

/** Those who ask meanwhile get the same answer. */
export function soundnessOf(path: string): Promise<Soundness> {
  const known = underway.get(path);
  if (known) return known;
  const asked = inThread(path).finally(() => underway.delete(path));
  underway.set(path, asked);
  return asked;
}

function inThread(path: string): Promise<Soundness> {
  const thread = new Worker(new URL('./sqlite-check-thread.ts', import.meta.url), {
    workerData: path,
  });
  return new Promise((resolve) => {
    thread.once('error', () => resolve('unread'));
    thread.once('exit', (code) => resolve(ANSWERS[code] ?? 'unread'));
  });
}
