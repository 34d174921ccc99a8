// What the nodes and the registry of the demo log: a file for each, written at
// once, so that the search for private words misses nothing.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '#model/clock.ts';
import type { Log } from '#model/log.ts';
import type { Side } from '#model/track.ts';
import { jsonLog } from '#services/node/log.ts';

export type Logs = Disposable & {
  files: string[];
  of(who: Side | 'registry'): Log;
  /** Lines that are more than information: ids and codes, as all of a log. */
  warnings(): string[];
};

export function openLogs(folder: string, clock: Clock): Logs {
  const descriptors: number[] = [];
  const files: string[] = [];
  const open = (who: string): Log => {
    const file = join(folder, `${who}.log`);
    const descriptor = openSync(file, 'a', 0o600);
    descriptors.push(descriptor);
    files.push(file);
    return jsonLog('info', clock, (line) => void writeSync(descriptor, line));
  };
  const logs = {
    referring: open('referring'),
    receiving: open('receiving'),
    registry: open('registry'),
  };
  return {
    files,
    of: (who) => logs[who],
    warnings: () =>
      files
        .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
        .filter((line) => /"level":"(warn|error)"/.test(line)),
    [Symbol.dispose]: () => descriptors.forEach((descriptor) => closeSync(descriptor)),
  };
}
