// One node in a process of its own, with a door for the bench: the act's RPC as
// everywhere, staff token included, with a section of 4 KiB.
import { authenticate } from '#casework/actor.ts';
import { silentLog } from '#model/log.ts';
import { loadConfig } from '#services/node/config.ts';
import { start } from '#services/node/start.ts';
import { startCaseworkServer } from '#wire/casework-server.ts';
import type { CaseworkApi } from '#wire/contracts/casework.ts';
import { answerParent } from './child.ts';
import { handoverDraft } from './handover.ts';

const GATHER_MS = 5;
const [folder = ''] = process.argv.slice(2);
const clock = { now: () => Date.now() };
let consumed: string[] = [];
await using node = await start(await loadConfig(folder), {
  clock,
  log: silentLog,
  env: process.env,
  listeners: [({ what, messageId }) => void consumed.push(`${what} ${messageId}`)],
});
const door = await startCaseworkServer({
  host: '127.0.0.1',
  port: 0,
  authenticate: (token) => authenticate(node.store, token),
  health: () => true,
  handlers: {
    async requestReferral({ requestId, recipient }, { actor }) {
      const now = Math.floor(clock.now() / 1000);
      return { outcome: await node.exchange.send(handoverDraft(requestId, recipient, now, actor)) };
    },
  } as CaseworkApi<Awaited<ReturnType<typeof authenticate>>>,
  log: silentLog,
});
const timer = setInterval(() => {
  if (consumed.length === 0) return;
  process.send?.({ consumed });
  consumed = [];
}, GATHER_MS);
process.send?.({ ready: true, value: { port: door.port } });
await answerParent(async () => node.refreshMembers());
clearInterval(timer);
await door.drain();
process.disconnect();
