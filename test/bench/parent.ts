// Starts the bench's processes and asks them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import type { Asked } from './child.ts';

export type Child = AsyncDisposable & {
  ready: unknown;
  ask<T>(ask: Asked['ask'], value?: number): Promise<T>;
  on(listener: (message: Record<string, unknown>) => void): void;
};

const WAIT_MS = 120_000;

export async function startChild(file: string, args: string[]): Promise<Child> {
  const child: ChildProcess = fork(new URL(file, import.meta.url), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const listeners: ((message: Record<string, unknown>) => void)[] = [];
  child.on('message', (message: Record<string, unknown>) => {
    for (const listener of listeners) listener(message);
  });
  const rejects = new Set<(error: Error) => void>();
  child.once('exit', () => {
    for (const reject of rejects) reject(new Error(`${file} ended early`));
  });
  const next = (key: string, wanted?: string) =>
    new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${file} did not answer`)), WAIT_MS);
      rejects.add(reject);
      const listener = (message: Record<string, unknown>) => {
        if (!(key in message) || (wanted !== undefined && message[key] !== wanted)) return;
        clearTimeout(timer);
        rejects.delete(reject);
        listeners.splice(listeners.indexOf(listener), 1);
        resolve(message['value']);
      };
      listeners.push(listener);
    });
  const ready = await next('ready');
  return {
    ready,
    on: (listener) => void listeners.push(listener),
    async ask<T>(ask: Asked['ask'], value?: number) {
      const answer = next('answered', ask);
      child.send({ ask, ...(value !== undefined && { value }) });
      return (await answer) as T;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.send({ ask: 'end' });
      await ended;
    },
  };
}
