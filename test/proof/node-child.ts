// One node in a process of its own, on the test's clock. The parent may ask
// how it is and move the clock on; without the parent it ends.

import { loadConfig } from '#services/node/config.ts';
import { jsonLog } from '#services/node/log.ts';
import { start } from '#services/node/start.ts';

export type Asked = { id: number; ask: 'ahead' | 'refresh' | 'usage' | 'end'; value?: number };

export type Usage = {
  rssBytes: number;
  heapBytes: number;
  /** Sockets, timers, files: what keeps a process alive. */
  handles: number;
  underway: number;
};

const [folder = '', aheadText = '0'] = process.argv.slice(2);
let aheadMs = Number(aheadText);
const clock = { now: () => Date.now() + aheadMs };
await using node = await start(await loadConfig(folder), {
  clock,
  log: jsonLog('info', clock, (line) => void process.stderr.write(`${line.trimEnd()}\n`)),
  env: process.env,
});

const { promise: ended, resolve: end } = Promise.withResolvers<void>();
process.once('disconnect', end);
process.on('message', ({ id, ask, value = 0 }: Asked) => {
  void answer(ask, value).then((given) => {
    process.send?.({ answers: id, given });
    if (ask === 'end') end();
  });
});
process.send?.({ ready: true });
await ended;
if (process.connected) process.disconnect();

async function answer(ask: Asked['ask'], value: number): Promise<unknown> {
  if (ask === 'ahead') {
    aheadMs = value;
    node.exchange.wake();
  }
  if (ask === 'refresh') return node.refreshMembers();
  return ask === 'usage' ? usage() : null;
}

function usage(): Usage {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    rssBytes: rss,
    heapBytes: heapUsed,
    handles: process.getActiveResourcesInfo().length,
    underway: node.exchange.underway(),
  };
}
