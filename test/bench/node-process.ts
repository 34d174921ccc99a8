// One node in a process of its own, started as srx serve starts it, with a door
// for the bench: the act's RPC as everywhere, yet with a section of 4 KiB.
import { authenticate, mustMay } from '#casework/actor.ts';
import { requestReferral } from '#casework/request.ts';
import { loadConfig } from '#services/node/config.ts';
import { letHeapGrow } from '#services/node/heap.ts';
import { jsonLog } from '#services/node/log.ts';
import { start } from '#services/node/start.ts';
import { startCaseworkServer } from '#wire/casework-server.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';
import { answerParent, sharedMs } from './child.ts';
import { SECTION } from './handover.ts';

/** Of an event that came back from the stream: what, of which message, when. */
export type Consumed = [what: string, messageId: string, atMs: number];

const GATHER_MS = 5;
const LINES_MAX = 10;
const [folder = ''] = process.argv.slice(2);
const clock = { now: () => Date.now() };
let logged = 0;
const log = jsonLog('error', clock, (line) => {
  if ((logged += 1) <= LINES_MAX) process.stderr.write(line);
});
let consumed: Consumed[] = [];

/** In one message to the parent for all of a moment. */
function tell(event: Consumed): void {
  consumed.push(event);
  if (consumed.length > 1) return;
  setTimeout(() => {
    process.send?.({ consumed });
    consumed = [];
  }, GATHER_MS);
}
letHeapGrow();
await using node = await start(await loadConfig(folder), {
  clock,
  log,
  env: process.env,
  listeners: [({ what, messageId }) => tell([what, messageId, sharedMs()])],
});
const { exchange, store } = node;
const context = {
  ...exchange.context,
  store,
  exchange: {
    ...exchange,
    send: (draft: Parameters<typeof exchange.send>[0]) =>
      exchange.send({ ...draft, sections: [{ section: 'minimum', content: SECTION }] }),
  },
};
const door = await startCaseworkServer({
  host: '127.0.0.1',
  port: 0,
  authenticate: (token) => authenticate(store, token),
  health: () => true,
  handlers: {
    async requestReferral(request, { actor }) {
      mustMay(actor, 'casework');
      const asked = { ...request, continuesReferralId: null };
      return { outcome: await requestReferral(context, actor, null, asked) };
    },
  } as CaseworkApi<Awaited<ReturnType<typeof authenticate>>>,
  log,
});
process.send?.({ ready: true, value: { port: door.port } });
await answerParent(async () => node.refreshMembers());
await door.drain();
if (process.connected) process.disconnect();
