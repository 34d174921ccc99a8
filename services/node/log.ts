// JSON lines on standard error: event names, ids and codes; nothing else can be
// said through this port.
import type { Clock } from '#model/clock.ts';
import type { Log, LogFields } from '#model/log.ts';
import type { LogLevel } from './environment.ts';

const ORDER: readonly LogLevel[] = ['info', 'warn', 'error'];

export function jsonLog(level: LogLevel, clock: Clock, write: (line: string) => void): Log {
  const say = (at: LogLevel) => (event: string, fields?: LogFields) => {
    if (ORDER.indexOf(at) < ORDER.indexOf(level)) return;
    const time = new Date(clock.now()).toISOString();
    write(`${JSON.stringify({ time, level: at, event, ...fields })}\n`);
  };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
