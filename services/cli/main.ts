// The srx command as a process: signals, streams and the exit code. It is the
// only place of the command line that reads the environment.
import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import tls from 'node:tls';

import { incidentOf } from '#model/incident.ts';
import { jsonLog } from '#services/node/log.ts';

import { EXIT } from './exit-codes.ts';
import type { Io } from './io.ts';
import { run } from './run.ts';

tls.DEFAULT_MIN_VERSION = 'TLSv1.3';

// What nobody expected ends the process, in one line of the log.
process.on('uncaughtException', (error) => {
  const log = jsonLog('error', { now: () => Date.now() }, (line) => process.stderr.write(line));
  log.error('crashed', incidentOf(error));
  process.exit(EXIT.failure);
});

// npm passes a signal on to a process that the terminal has told already.
const ONE_SIGNAL_MS = 200;
const stop = new AbortController();
let stoppedAtMs = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const nowMs = performance.now();
    if (!stop.signal.aborted) stoppedAtMs = nowMs;
    // The second time nothing is waited for.
    else if (nowMs - stoppedAtMs > ONE_SIGNAL_MS) process.exit(EXIT.interrupted);
    stop.abort();
  });
}
// `srx … | head`: the reader has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const io: Io = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  readStdin: () => buffer(process.stdin),
  isTty: {
    stdin: process.stdin.isTTY,
    stdout: process.stdout.isTTY,
    stderr: process.stderr.isTTY,
  },
  async ask(question) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question, { signal: stop.signal });
    } finally {
      lines.close();
    }
  },
  env: process.env,
  clock: { now: () => Date.now() },
  signal: stop.signal,
};

const exitCode = await run(process.argv.slice(2), io);
// A pipe takes its time; what was said must arrive before the end.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write('', resolve));
}
process.exit(exitCode);
