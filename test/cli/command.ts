// The command line in this process: every word of it real, but for the streams,
// the terminal and the clock, which a test gives.
import type { Clock } from '#model/clock.ts';
import type { Io } from '#services/cli/io.ts';
import { run } from '#services/cli/run.ts';

export type Surroundings = {
  stdin?: string;
  /** All three streams. */
  isTty?: boolean | Io['isTty'];
  /** Lines that a person types, in this order. */
  answers?: string[];
  env?: Io['env'];
  clock?: Clock;
  signal?: AbortSignal;
};

export type Said = {
  code: number;
  out: string;
  err: string;
  /** What a person was asked. */
  asked: string[];
};

export type Running = {
  said: Said;
  /** Resolves as soon as this stands in what it said; rejects when it ends before. */
  until(words: string): Promise<void>;
  /** As the first Ctrl-C does. */
  stop(): Promise<Said>;
  ended: Promise<Said>;
};

export function startSrx(argv: readonly string[], around: Surroundings = {}): Running {
  const said: Said = { code: -1, out: '', err: '', asked: [] };
  const stop = new AbortController();
  const waiting: { words: string; resolve(): void; reject(error: Error): void }[] = [];
  const hear = () => {
    for (const wait of waiting) {
      if ((said.out + said.err).includes(wait.words)) wait.resolve();
    }
  };
  const isTty = around.isTty ?? false;
  const answers = [...(around.answers ?? [])];
  const io: Io = {
    stdout(text) {
      said.out += text;
      hear();
    },
    stderr(text) {
      said.err += text;
      hear();
    },
    readStdin: async () => Buffer.from(around.stdin ?? ''),
    isTty: typeof isTty === 'boolean' ? { stdin: isTty, stdout: isTty, stderr: isTty } : isTty,
    async ask(question) {
      said.asked.push(question);
      return answers.shift() ?? '';
    },
    env: around.env ?? pathOnly(),
    clock: around.clock ?? { now: () => Date.now() },
    signal: around.signal ? AbortSignal.any([around.signal, stop.signal]) : stop.signal,
  };
  const ended = run(argv, io).then((code) => {
    said.code = code;
    for (const { reject, words } of waiting) {
      reject(new Error(`srx ${argv[0]} ended with ${code} without "${words}":\n${said.err}`));
    }
    return said;
  });
  return {
    said,
    ended,
    async until(words) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ words, resolve, reject });
      hear();
      await promise;
    },
    stop() {
      stop.abort();
      return ended;
    },
  };
}

export function srx(argv: readonly string[], around: Surroundings = {}): Promise<Said> {
  return startSrx(argv, around).ended;
}

/** Where a nats-server is found; no SRX_ variable of whoever runs the tests. */
export function pathOnly(): Record<string, string | undefined> {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  return { PATH, HOME, XDG_CACHE_HOME };
}

/** Words of a line as a shell parts them; double quotes only. */
export function wordsOfLine(line: string): string[] {
  const words = line.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}
