// srx serve: the node in the foreground, until a signal.
import { once } from 'node:events';

import { loadConfig } from '#services/node/config.ts';
import { letHeapGrow } from '#services/node/heap.ts';
import { jsonLog } from '#services/node/log.ts';
import { start } from '#services/node/start.ts';

import { folderOf } from '../connection.ts';
import { block } from '../text.ts';
import type { Verb } from '../verb.ts';

export const serve: Verb = {
  noun: '',
  name: 'serve',
  summary: 'runs the node until Ctrl-C or SIGTERM; its log is JSON lines on standard error',
  examples: ['srx serve --folder home', 'SRX_FOLDER=/var/lib/srx srx serve 2>> srx.log'],
  handlesSignal: true,
  async run(call) {
    const { io, env, out } = call;
    const config = await loadConfig(folderOf(call), env);
    letHeapGrow();
    const log = jsonLog(config.logLevel, io.clock, io.stderr);
    await using node = await start(config, {
      clock: io.clock,
      log,
      env: io.env,
      progress: out.progress,
    });
    const { organisation, exchangePort, caseworkPort, federationPort } = node;
    const ports = { exchangePort, caseworkPort, federationPort };
    out.item(
      { event: 'ready', organisation, ...ports },
      `ready: exchange ${exchangePort}, casework ${caseworkPort}, federation ${federationPort}`,
    );
    // The log has codes only; whoever has just started it wants to know what to do.
    for (const { name, ok, detail } of (await node.status()).checks) {
      if (!ok) out.progress(block(`not ok: ${name}: ${detail}`, '', '  ').join('\n'));
    }
    if (!io.signal.aborted) await once(io.signal, 'abort');
    out.progress('Stopping; Ctrl-C again ends at once.');
  },
};
