import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Told, tell } from '#deploy/demo/story.ts';
import { startWorld, storyOf, type World } from './world.ts';

let world: World;
const told: Told[] = [];
let referralId = '';
beforeAll(async () => {
  world = await startWorld();
  const story = tell(await storyOf(world, 'adult.yaml'));
  for (let next = await story.next(); ; next = await story.next()) {
    if (next.done) {
      referralId = next.value.referralId;
      break;
    }
    told.push(next.value);
  }
});
afterAll(() => world[Symbol.asyncDispose]());

describe('the whole story of a referral', () => {
  it('ends completed, every message with a verified receipt', () => {
    expect(told.at(-1)?.status).toBe('completed');
    expect(told.filter((beat) => !beat.receiptVerified)).toEqual([]);
  });

  it('sends where and when she arrives with the plan of the arrival, not before', () => {
    const steps = told.filter((beat) => beat.sealed.includes('arrival')).map((beat) => beat.step);
    expect(steps).toEqual(['arrivalPlanned', 'arrivalPlanned']);
  });

  it('folds to the same state at both nodes', async () => {
    const { referring, receiving } = world.federation.nodes;
    const ours = await referring.client().getReferral({ referralId });
    const theirs = await receiving.client().getReferral({ referralId });
    expect(ours.stateDigest).toBe(theirs.stateDigest);
    expect(ours.timeline.map((l) => l.digest).toSorted()).toEqual(
      theirs.timeline.map((l) => l.digest).toSorted(),
    );
    expect(ours.timeline.every((l) => l.verdict === 'counts')).toBe(true);
  });

  it('lets the receiving side open what was granted, and records it', async () => {
    const client = world.federation.nodes.receiving.client();
    const { content } = await client.openSection({ referralId, section: 'health' });
    expect(JSON.parse(new TextDecoder().decode(content))).toHaveProperty('medication');
    await expect(client.openSection({ referralId, section: 'exploitation' })).rejects.toMatchObject(
      { code: 'NOT_CONSENTED' },
    );
  });
});
