// The demo: a registry and two organisations on this machine, one referral from
// the request to the end, and what can be proved of it afterwards.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CaseFile } from '#model/case-file.ts';
import type { Log } from '#model/log.ts';
import { Refusal } from '#model/refusal.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { Ended, EXIT, type ExitCode } from '#services/cli/exit-codes.ts';
import type { Io } from '#services/cli/io.ts';
import { jsonLog } from '#services/node/log.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import { storyLengthMs } from './beats.ts';
import { StoryClock } from './clock.ts';
import { chapters } from './commands.ts';
import { type Federation, startFederation } from './federation.ts';
import { ndjsonTeller } from './ndjson.ts';
import { makeOwnFolder } from './own-folder.ts';
import { prove } from './prove.ts';
import { type Told, tell } from './story.ts';
import type { Teller } from './teller.ts';
import { Timeline } from './timeline.ts';

export type DemoOptions = {
  /** End after the story. */
  once: boolean;
  json: boolean;
  noColor: boolean;
  io: Io;
};

/**
 * @returns failure when anything shown did not hold
 * @throws Refusal where it cannot start; Ended when it is interrupted before the end
 */
export async function demo({ once, json, noColor, io }: DemoOptions): Promise<ExitCode> {
  const startedMs = io.clock.now();
  const teller = json ? ndjsonTeller(io) : new Timeline(io, { noColor });
  teller.opening();
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await makeOwnFolder('srx-demo-'));
  const clock = new StoryClock(storyStartMs(startedMs));
  const logs = stack.use(openLogs(folder, clock));
  const federation = await startInterruptibly({ folder, clock, logs, io, teller }, stack);
  teller.cast(federation, folder);
  const caseFile = await exampleCase();
  const { told, referralId } = await tellAll({ federation, clock, caseFile, io, teller });
  const holds =
    referralId !== undefined &&
    (await proveAll({ federation, logFiles: logs.files, caseFile, told, referralId }, io, teller));
  if (!holds) teller.logs(logs.warnings());
  teller.closing({
    ok: holds,
    steps: told.length,
    days: told.at(-1)?.day ?? 0,
    seconds: Math.round((io.clock.now() - startedMs) / 100) / 10,
  });
  if (!holds) return EXIT.failure;
  if (once) return EXIT.ok;
  clock.arriveAtPresent();
  await federation.catchUp();
  teller.commands(chapters(federation, referralId));
  await interrupted(io.signal).catch(() => {});
  teller.farewell();
  return EXIT.ok;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The morning of a day so long ago that the story ends before now. */
function storyStartMs(nowMs: number): number {
  const lengthMs = storyLengthMs() + 60_000;
  return Math.floor((nowMs - lengthMs) / DAY_MS) * DAY_MS + 8 * 60 * 60 * 1000;
}

type Logs = Disposable & {
  files: string[];
  of(who: string): Log;
  /** Lines that are more than information: ids and codes, as all of a log. */
  warnings(): string[];
};

/** A file for each, written at once, so that the search misses nothing. */
function openLogs(folder: string, clock: StoryClock): Logs {
  const open = new Map<string, { file: string; descriptor: number; log: Log }>();
  for (const who of ['referring', 'receiving', 'registry']) {
    const file = join(folder, `${who}.log`);
    const descriptor = openSync(file, 'a', 0o600);
    const log = jsonLog('info', clock, (line) => void writeSync(descriptor, line));
    open.set(who, { file, descriptor, log });
  }
  const files = [...open.values()].map(({ file }) => file);
  return {
    files,
    of(who) {
      const found = open.get(who);
      if (!found) throw new Error(`nobody logs as ${who}`);
      return found.log;
    },
    warnings: () =>
      files
        .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
        .filter((line) => /"level":"(warn|error)"/.test(line)),
    [Symbol.dispose]() {
      for (const { descriptor } of open.values()) closeSync(descriptor);
    },
  };
}

type Start = { folder: string; clock: StoryClock; logs: Logs; io: Io; teller: Teller };

const STOP_MS = 10_000;

/** Whatever was begun when Ctrl-C comes is taken down before this throws. */
async function startInterruptibly(
  { folder, clock, logs, io, teller }: Start,
  stack: AsyncDisposableStack,
): Promise<Federation> {
  const start = async () => {
    teller.progress('looking for nats-server');
    const serverBinary = await findNatsServer({
      binary: io.env['SRX_NATS_SERVER'],
      env: io.env,
      progress: (line) => teller.notice(line),
    });
    teller.progress('making keys, certificates and databases');
    return startFederation({
      folder,
      clock,
      logOf: (who) => logs.of(who),
      env: io.env,
      nats: { mode: 'own', serverBinary },
    });
  };
  const starting = start();
  stack.defer(async () => {
    // A failed start has taken itself down.
    const federation = await Promise.race([starting, afterMs(STOP_MS)]).catch(() => undefined);
    await federation?.[Symbol.asyncDispose]();
  });
  return Promise.race([starting, interrupted(io.signal)]);
}

function afterMs(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}

/** Never resolves. @throws Ended on Ctrl-C */
function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Ended(EXIT.interrupted));
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

async function exampleCase(): Promise<CaseFile> {
  const file = new URL('../cases/adult.yaml', import.meta.url);
  const read = readCaseFile(await readFile(file, 'utf8'), 'adult.yaml');
  if (!read.ok) throw new Error('the example case file is wrong');
  return read.caseFile;
}

type Telling = {
  federation: Federation;
  clock: StoryClock;
  caseFile: CaseFile;
  io: Io;
  teller: Teller;
};

/** `referralId` is undefined where the story could not go on. */
async function tellAll({ federation, clock, caseFile, io, teller }: Telling) {
  const told: Told[] = [];
  const story = tell({
    federation,
    clock,
    caseFile: new TextEncoder().encode(JSON.stringify(caseFile)),
    localCode: caseFile.localCode,
    signal: io.signal,
  });
  try {
    for (;;) {
      teller.progress('waiting for the next step and its receipt');
      const next = await Promise.race([story.next(), interrupted(io.signal)]);
      if (next.done) return { told, referralId: next.value.referralId };
      told.push(next.value);
      teller.beat(next.value);
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    teller.stopped(cause.code, cause.message);
    return { told, referralId: undefined };
  }
}

async function proveAll(
  shown: Parameters<typeof prove>[0],
  io: Io,
  teller: Teller,
): Promise<boolean> {
  let holds = true;
  const checks = prove(shown);
  for (;;) {
    teller.progress('checking');
    const next = await Promise.race([checks.next(), interrupted(io.signal)]);
    if (next.done) return holds;
    holds &&= next.value.ok;
    teller.check(next.value);
  }
}
