// A node as a child process, from the side of the test: started, asked, killed
// at any moment, started again on the same folder.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Side } from '#model/track.ts';
import { type LoadedConfig, NODE_FILES } from '#services/node/config.ts';
import type { Asked, Usage } from './node-child.ts';

const START_MS = 60_000;
const ANSWER_MS = 60_000;
const LINES_MAX = 20_000;

type Running = { process: ChildProcess; exited: Promise<unknown> };

export class ChildNode implements AsyncDisposable {
  readonly side: Side;
  readonly config: LoadedConfig;
  /** Log lines of all its lives, the newest last. */
  readonly logged: string[] = [];
  kills = 0;
  aheadMs = 0;
  #running: Running | null = null;
  #asked = 0;
  readonly #execArgv: readonly string[];

  constructor(side: Side, config: LoadedConfig, execArgv: readonly string[] = []) {
    this.side = side;
    this.config = config;
    this.#execArgv = execArgv;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get pid(): number {
    return this.#running?.process.pid ?? 0;
  }

  /** Resolves once it answers. @throws with its last log lines when it does not start. */
  async start(): Promise<void> {
    const { process: child, exited } = this.launch();
    const ready = once(child, 'message');
    const late = timeout(START_MS);
    const first = await Promise.race([
      ready.then(() => 'ready' as const),
      exited.then(() => 'ended' as const),
      late.passed,
    ]);
    late.clear();
    if (first === 'ready') return;
    if (first === 'passed') await this.kill();
    throw new Error(`the ${this.side} node does not start: ${this.logged.slice(-5).join('\n')}`);
  }

  /** Starts it and waits for nothing: to be killed while it comes up. */
  launch(): Running {
    if (this.#running) throw new Error(`the ${this.side} node runs already`);
    const child = fork(
      new URL('./node-child.ts', import.meta.url),
      [this.config.folder, String(this.aheadMs)],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [...this.#execArgv] },
    );
    this.#keepLog(child);
    const running: Running = { process: child, exited: once(child, 'exit') };
    this.#running = running;
    void running.exited.then(() => {
      if (this.#running === running) this.#running = null;
    });
    return running;
  }

  /** SIGKILL: no cleaning up, no last write. */
  async kill(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.kills += 1;
    running.process.kill('SIGKILL');
    await running.exited;
    this.#running = null;
  }

  /** Ends as an operator would end it. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    await this.#ask('end').catch(() => undefined);
    const late = timeout(START_MS);
    const ended = await Promise.race([running.exited, late.passed]);
    late.clear();
    if (ended !== 'passed') return;
    await this.kill();
    throw new Error(`the ${this.side} node does not stop`);
  }

  /** Milliseconds before the machine's clock. */
  async setAhead(aheadMs: number): Promise<void> {
    this.aheadMs = aheadMs;
    if (this.#running) await this.#ask('ahead', aheadMs);
  }

  async refreshMembers(): Promise<boolean> {
    return (await this.#ask('refresh')) === true;
  }

  async usage(): Promise<Usage> {
    return (await this.#ask('usage')) as Usage;
  }

  token(who: 'one' | 'two'): string {
    const file = join(this.config.folder, NODE_FILES.staff, `${this.side}-${who}.token`);
    return readFileSync(file, 'utf8').trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ask(ask: Asked['ask'], value?: number): Promise<unknown> {
    const running = this.#running;
    if (!running) throw new Error(`the ${this.side} node does not run`);
    this.#asked += 1;
    const id = this.#asked;
    const { promise: answered, resolve } = Promise.withResolvers<unknown>();
    const listen = (message: { answers?: number; given?: unknown }) => {
      if (message.answers === id) resolve(message.given);
    };
    running.process.on('message', listen);
    const late = timeout(ANSWER_MS);
    running.process.send({ id, ask, ...(value !== undefined && { value }) }, () => {});
    const first = await Promise.race([
      answered.then((given) => ({ given })),
      running.exited.then(() => 'ended' as const),
      late.passed,
    ]);
    late.clear();
    running.process.off('message', listen);
    if (typeof first === 'object') return first.given;
    throw new Error(`the ${this.side} node does not answer: ${first}`);
  }

  #keepLog(child: ChildProcess): void {
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      this.logged.push(...lines);
      if (this.logged.length > LINES_MAX) this.logged.splice(0, LINES_MAX / 2);
    });
  }
}

function timeout(ms: number) {
  const { promise, resolve } = Promise.withResolvers<'passed'>();
  const timer = setTimeout(() => resolve('passed'), ms);
  return { passed: promise, clear: () => clearTimeout(timer) };
}
