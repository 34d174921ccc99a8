// The demo: a registry and two organisations on this machine, one referral from
// the request to the end, and what can be proved of it afterwards.
import { readFile } from 'node:fs/promises';

import type { CaseFile } from '#model/case-file.ts';
import { Refusal } from '#model/refusal.ts';
import { readCaseFile } from '#services/cli/case-file-reader.ts';
import { Ended, EXIT, type ExitCode } from '#services/cli/exit-codes.ts';
import type { Io } from '#services/cli/io.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import { storyLengthMs } from './beats.ts';
import { StoryClock } from './clock.ts';
import { chapters } from './commands.ts';
import { type Federation, startFederation } from './federation.ts';
import { type Interruption, watchForInterruption } from './interruption.ts';
import { type Logs, openLogs } from './logs.ts';
import { ndjsonTeller } from './ndjson.ts';
import { makeOwnFolder } from './own-folder.ts';
import { prove, type Shown } from './prove.ts';
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
 * @throws Refusal where it cannot start; Ended when it is interrupted before its end
 */
export async function demo({ once, json, noColor, io }: DemoOptions): Promise<ExitCode> {
  const teller = json ? ndjsonTeller(io) : new Timeline(io, { noColor });
  teller.opening();
  await using stack = new AsyncDisposableStack();
  const interruption = stack.use(watchForInterruption(io));
  try {
    const run = await show({ io, teller, interruption }, stack);
    if (!run || once) return run ? EXIT.ok : EXIT.failure;
    teller.commands(chapters(run.federation, run.referralId));
    await interruption.comes.catch(() => {});
    teller.farewell();
    return EXIT.ok;
  } catch (cause) {
    if (cause instanceof Ended) teller.farewell();
    throw cause;
  }
}

type Stage = { io: Io; teller: Teller; interruption: Interruption };

/** The story and its checks; undefined when anything does not hold. */
async function show(
  { io, teller, interruption }: Stage,
  stack: AsyncDisposableStack,
): Promise<{ federation: Federation; referralId: string } | undefined> {
  const startedMs = io.clock.now();
  const { path: folder } = stack.use(await makeOwnFolder('srx-demo-'));
  const clock = new StoryClock(storyStartMs(startedMs));
  const logs = stack.use(openLogs(folder, clock));
  const events: string[] = [];
  const start = { folder, clock, logs, io, teller, interruption, events };
  const federation = await startInterruptibly(start, stack);
  const caseFile = await exampleCase();
  teller.cast({ federation, folder, caseFile });
  const story = { federation, clock, caseFile, teller, interruption };
  const { told, referralId } = await tellAll(story);
  const shown = { federation, logFiles: logs.files, caseFile, told, referralId, events };
  const ok = referralId !== '' && (await proveAll(shown, { io, teller, interruption }));
  if (!ok) teller.logs(logs.warnings());
  teller.closing({
    ok,
    steps: told.length,
    days: told.at(-1)?.day ?? 0,
    seconds: Math.round((io.clock.now() - startedMs) / 100) / 10,
  });
  clock.arriveAtPresent();
  await federation.catchUp();
  return ok ? { federation, referralId } : undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** The morning of a day so long ago that the story ends before now. */
function storyStartMs(nowMs: number): number {
  const lengthMs = storyLengthMs() + 60_000;
  return Math.floor((nowMs - lengthMs) / DAY_MS) * DAY_MS + 8 * 60 * 60 * 1000;
}

type Start = Stage & { folder: string; clock: StoryClock; logs: Logs; events: string[] };

const STOP_MS = 10_000;

/** Whatever was begun when an interruption comes is taken down before this throws. */
async function startInterruptibly(
  { folder, clock, logs, events, io, teller, interruption }: Start,
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
      onEvent: (json) => void events.push(json),
    });
  };
  const starting = start();
  stack.defer(async () => {
    // A start that failed has taken itself down.
    const federation = await Promise.race([starting, afterMs(STOP_MS)]).catch(() => undefined);
    await federation?.[Symbol.asyncDispose]();
  });
  return Promise.race([starting, interruption.comes]);
}

function afterMs(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}

async function exampleCase(): Promise<CaseFile> {
  const file = new URL('../cases/adult.yaml', import.meta.url);
  const read = readCaseFile(await readFile(file, 'utf8'), 'adult.yaml');
  if (!read.ok) throw new Error('the example case file is wrong');
  return read.caseFile;
}

type Telling = Omit<Stage, 'io'> & {
  federation: Federation;
  clock: StoryClock;
  caseFile: CaseFile;
};

/** `referralId` is empty where the story could not go on. */
async function tellAll(telling: Telling): Promise<{ told: Told[]; referralId: string }> {
  const { federation, clock, caseFile, teller, interruption } = telling;
  const told: Told[] = [];
  const story = tell({
    federation,
    clock,
    caseFile: new TextEncoder().encode(JSON.stringify(caseFile)),
    localCode: caseFile.localCode,
    signal: interruption.signal,
  });
  try {
    for (;;) {
      teller.progress('waiting for the next step and its receipt');
      const next = await Promise.race([story.next(), interruption.comes]);
      if (next.done) return { told, referralId: next.value.referralId };
      told.push(next.value);
      teller.beat(next.value);
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    teller.stopped(cause.code, cause.message);
    return { told, referralId: '' };
  }
}

async function proveAll(shown: Shown, { teller, interruption }: Stage): Promise<boolean> {
  let holds = true;
  const checks = prove(shown);
  for (;;) {
    teller.progress('checking');
    const next = await Promise.race([checks.next(), interruption.comes]);
    if (next.done) return holds;
    holds &&= next.value.ok;
    teller.check(next.value);
  }
}
