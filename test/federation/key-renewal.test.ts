import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { tell } from '#deploy/demo/story.ts';
import { startWorld, storyOf, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

const sealingKids = async () => {
  const { referring, receiving } = world.federation.nodes;
  return [referring, receiving].map((node) => {
    const { keyring } = node.exchange.context;
    return keyring.publicJwks('encryption')[0]?.kid;
  });
};

describe('a federation that nobody looks after for half a year', () => {
  it('renews its keys and goes on', async () => {
    const before = await sealingKids();
    // As the hourly upkeep would, seen at the only times that matter.
    for (let day = 0; day < 180; day += 10) {
      world.clock.pass(10 * 24);
      await world.federation.catchUp();
    }
    const after = await sealingKids();
    expect(after.every((kid) => !before.includes(kid))).toBe(true);
    const story = tell(await storyOf(world, 'adult.yaml'));
    const { value } = await story.next();
    expect(value).toMatchObject({ step: 'referralRequest', receiptVerified: true });
  });
});
