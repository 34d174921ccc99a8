// Starts the bench's processes and asks them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { Asked } from './child.ts';

type Told = Record<string, unknown>;

export type Child = AsyncDisposable & {
  pid: number;
  /** What it said when it was ready. */
  ready: unknown;
  ask<T>(ask: Asked['ask'], value?: unknown): Promise<T>;
  /** @returns what ends the listening */
  on(listener: (told: Told) => void): () => void;
};

const WAIT_MS = 300_000;

export async function startChild(file: string, args: string[]): Promise<Child> {
  const child: ChildProcess = fork(new URL(file, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const listeners = new Set<(told: Told) => void>();
  const on = (listener: (told: Told) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  child.on('message', (told: Told) => {
    for (const listener of listeners) listener(told);
  });
  const next = async (key: string, wanted: unknown): Promise<unknown> => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = () => reject(new Error(`${file} does not answer: ${key} ${String(wanted)}`));
    const timer = setTimeout(fail, WAIT_MS);
    child.once('exit', fail);
    const off = on((told) => {
      if (told[key] === wanted) resolve(told['value']);
    });
    return promise.finally(() => {
      clearTimeout(timer);
      child.off('exit', fail);
      off();
    });
  };
  const ready = await next('ready', true);
  return {
    pid: child.pid ?? 0,
    ready,
    on,
    async ask<T>(ask: Asked['ask'], value?: unknown) {
      const answer = next('answered', ask);
      child.send({ ask, value });
      return (await answer) as T;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.send({ ask: 'end' });
      await ended;
    },
  };
}
