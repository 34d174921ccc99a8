// One run of the nats-server program: started, waited for until it is ready,
// never left alone, stopped by its pid.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { limits } from '#model/limits.ts';
import { Refusal } from '#model/refusal.ts';

const POLL_MS = 20;

export type NatsServerProcess = {
  pid: number;
  port: number;
  /** Resolves when the process is gone, for whatever reason. */
  ended: Promise<void>;
  stop(): Promise<void>;
};

export type NatsServerLaunch = {
  binary: string;
  configFile: string;
  portsDir: string;
  /** As asked for, for the words of an error. */
  port: number;
};

/** @throws Refusal BAD_CONFIG: port in use, or it does not start in time. */
export async function launchNatsServer(launch: NatsServerLaunch): Promise<NatsServerProcess> {
  // A session of its own: Ctrl-C is for the node, which then stops its server.
  const child = spawn(launch.binary, ['-c', launch.configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    env: {},
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const tail = collectTail(child);
  const guard = guardAgainstOrphan(child);
  void ended.then(() => endGuard(guard));
  try {
    return {
      pid: child.pid ?? 0,
      port: await untilReady(child, launch, tail),
      ended,
      stop: () => stop(child, ended),
    };
  } catch (cause) {
    await stop(child, ended);
    throw cause;
  }
}

/** The server writes its ports once it listens; JetStream is recovered by then. */
async function untilReady(
  child: ChildProcess,
  launch: NatsServerLaunch,
  tail: () => string,
): Promise<number> {
  for (let waitedMs = 0; waitedMs < limits.natsStartMs; waitedMs += POLL_MS) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw notStarted(launch, tail());
    }
    const port = await takePort(launch.portsDir, child.pid);
    if (port !== undefined) return port;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Refusal('BAD_CONFIG', 'The nats-server did not become ready in time: start again.');
}

/** The file is named by the program, whatever that is called, and its pid. */
async function takePort(portsDir: string, pid: number): Promise<number | undefined> {
  const names = await readdir(portsDir).catch(() => []);
  const name = names.find((one) => one.endsWith(`_${pid}.ports`));
  if (name === undefined) return undefined;
  const file = join(portsDir, name);
  const portsJson = await readFile(file, 'utf8').catch(() => '');
  const port = /(?:nats|tls):\/\/127\.0\.0\.1:(\d+)/.exec(portsJson)?.[1];
  if (port === undefined) return undefined;
  await rm(file, { force: true });
  return Number(port);
}

function notStarted(launch: NatsServerLaunch, tail: string): Refusal {
  if (tail.includes('address already in use')) {
    return new Refusal(
      'BAD_CONFIG',
      `Port ${launch.port} of the nats-server is in use: choose another, or 0 for a free one.`,
    );
  }
  return new Refusal(
    'BAD_CONFIG',
    'The nats-server does not start: check that its folder can be written and has space, and that the program is version 2.9 or newer.',
  );
}

/** Its last words only, to tell a port in use from the rest; never logged. */
function collectTail(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-limits.natsTailCharsMax);
  });
  return () => tail;
}

/**
 * A shell that reads a pipe of ours until it closes, which it does even when this
 * process is killed, and then ends the server.
 */
function guardAgainstOrphan(child: ChildProcess): ChildProcess | undefined {
  if (process.platform === 'win32' || child.pid === undefined) return undefined;
  const guard = spawn('/bin/sh', ['-c', 'read _; kill -TERM "$1"', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  guard.on('error', () => {});
  guard.stdin?.on('error', () => {});
  return guard;
}

/** Killed first: by then the pid may be somebody else's. */
function endGuard(guard: ChildProcess | undefined): void {
  guard?.kill('SIGKILL');
  guard?.stdin?.destroy();
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), limits.natsStopMs);
  await Promise.race([once(child, 'exit'), ended]);
  clearTimeout(timer);
}
