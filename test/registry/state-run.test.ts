import { expect, it } from 'vitest';

import { admitMember } from '#services/registry/members.ts';

import {
  holdForEachTest,
  makeTestMember,
  startTestRegistry,
  testClock,
} from '../trust/test-registry.ts';

const SHELTER = 'https://shelter.example';
const HARBOUR = 'https://harbour.example';
const hold = holdForEachTest();

it('the registry marks a member that a state runs, and no other', async () => {
  const clock = testClock();
  const registry = hold(await startTestRegistry({ clock }));
  const shelter = hold(await makeTestMember(registry, { entityId: SHELTER }, clock));
  const harbour = hold(await makeTestMember(registry, { entityId: HARBOUR }, clock));
  await admitMember(registry.folder, await shelter.memberFile(), clock, true);
  await registry.admit(await harbour.memberFile());
  await registry.refresh();
  const list = hold(await registry.openMemberList({ clock }));
  await list.refresh();
  expect(list.find(SHELTER)?.isStateRun).toBe(true);
  expect(list.find(HARBOUR)?.isStateRun).toBe(false);
});
