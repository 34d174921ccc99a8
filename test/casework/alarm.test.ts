import { expect, it } from 'vitest';

import { mustBeAnother } from '#casework/actor.ts';
import { raiseAlarm } from '#casework/alarm.ts';
import { NODE_ACTOR } from '#casework/node-actor.ts';
import { uuid4 } from '#crypto/digest.ts';
import { requestDraft } from '#test/exchange/pair.ts';
import { by, openOffices } from './office.ts';

it('an alarm stands in the inbox with words, and is told to watchers once', async () => {
  await using offices = await openOffices();
  const { exchange, store } = offices.pair.referring;
  const { referralId } = await exchange.send(requestDraft(offices.pair.clock));
  const context = { ...exchange.context, exchange, store };
  await raiseAlarm(context, referralId, 'not-arrived');
  await raiseAlarm(context, referralId, 'not-arrived');
  await raiseAlarm(context, uuid4(), 'not-arrived');
  const worker = await offices.referring.hire('worker');
  const { items } = await offices.referring.api.listInbox({ limit: 0, cursor: '' }, by(worker));
  const lines = items.filter((item) => item.kind === 'not-arrived');
  expect(lines).toMatchObject([{ referralId, next: expect.stringContaining('did not arrive') }]);
  const events = await store.eventsAfter(0, 99);
  const alarms = events.filter(({ event }) => event.what === 'alarm');
  expect(alarms).toMatchObject([{ event: { referralId, step: 'referralRequest', seq: 1 } }]);
});

it('the node itself is nobody’s second person', async () => {
  const actor = { staffId: 'worker', role: 'caseworker' } as const;
  expect(() => mustBeAnother(actor, NODE_ACTOR)).toThrow(/somebody else/);
});
