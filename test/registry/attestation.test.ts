import { expect, it } from 'vitest';

import { splitJws } from '#crypto/jws.ts';
import { limits } from '#model/limits.ts';
import { findAttestation, verifyKeyAttestation } from '#trust/key-attestation.ts';

import {
  holdForEachTest,
  makeTestMember,
  startTestRegistry,
  testClock,
} from '../trust/test-registry.ts';

const HARBOUR = 'https://harbour.example';
const hold = holdForEachTest();

it('the registry attests each message key of a member, old and new, and renews its word', async () => {
  const clock = testClock();
  const registry = hold(await startTestRegistry({ clock }));
  const harbour = hold(await makeTestMember(registry, { entityId: HARBOUR }, clock));
  await registry.admit(await harbour.memberFile());
  const [old] = harbour.keyring.publicJwks('message');
  await harbour.keyring.rotate('message', clock);
  clock.advance(1);
  await registry.refresh();

  const list = hold(await registry.openMemberList({ clock }));
  await list.refresh();
  const member = list.find(HARBOUR);
  const attested = await Promise.all(
    (member?.keyAttestations ?? []).map((jws) =>
      verifyKeyAttestation(splitJws(jws), registry.anchor),
    ),
  );
  const kids = harbour.keyring.publicJwks('message').map(({ kid }) => kid);
  expect(kids).toContain(old?.kid);
  expect(attested.map(({ key }) => key.kid)).toEqual(kids);
  for (const { organisation, fromSeconds, untilSeconds } of attested) {
    expect(organisation).toBe(HARBOUR);
    expect(untilSeconds - fromSeconds).toBe(limits.statementLifeSecondsMax);
  }

  clock.advance(limits.statementLifeSecondsMax / 2 + 60);
  await list.refresh();
  const { x = '' } = harbour.keyring.publicJwks('message')[0] ?? {};
  const nowSeconds = Math.floor(clock.now() / 1000);
  const asked = { organisation: HARBOUR, x, nowSeconds: nowSeconds + 86_000 };
  const renewed = findAttestation(list.find(HARBOUR)?.keyAttestations ?? [], asked);
  expect(renewed).toBeDefined();
});
