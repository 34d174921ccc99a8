// CPU that processes have used, user and system, by kind of thread where the
// system tells it.
import { readdirSync, readFileSync } from 'node:fs';

/** Microseconds. `pool` runs cryptography and file calls, `v8` collects and compiles. */
export type Usage = { total: number; main: number; pool: number; v8: number };

const MICROS_PER_TICK = 10_000; // USER_HZ is 100 on every Linux

/** Of this process, all threads. Asked on its main thread. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const main = process.threadCpuUsage();
  return {
    total: user + system,
    main: main.user + main.system,
    pool: threadsMicros('libuv-worker'),
    v8: threadsMicros('V8Worker'),
  };
}

export function difference(after: Usage, before: Usage): Usage {
  return {
    total: after.total - before.total,
    main: after.main - before.main,
    pool: after.pool - before.pool,
    v8: after.v8 - before.v8,
  };
}

export function sum(a: Usage, b: Usage): Usage {
  return {
    total: a.total + b.total,
    main: a.main + b.main,
    pool: a.pool + b.pool,
    v8: a.v8 + b.v8,
  };
}

/** Of the programs that a process has started (its nats-server); 0 where there is no /proc. */
export function childrenMicros(pid: number): number {
  let micros = 0;
  for (const name of folders('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(`/proc/${name}/stat`) : null;
    if (stat?.parent === pid) micros += stat.micros;
  }
  return micros;
}

function threadsMicros(name: string): number {
  let micros = 0;
  for (const thread of folders('/proc/self/task')) {
    const stat = readStat(`/proc/self/task/${thread}/stat`);
    if (stat?.name === name) micros += stat.micros;
  }
  return micros;
}

function folders(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** proc(5): the name stands in brackets and may hold any character. */
function readStat(file: string): { name: string; parent: number; micros: number } | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null; // it ended meanwhile
  }
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const name = text.slice(text.indexOf('(') + 1, end);
  return { name, parent: Number(fields[1]), micros: ticks * MICROS_PER_TICK };
}
