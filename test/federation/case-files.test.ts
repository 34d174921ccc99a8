import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Told, tell } from '#deploy/demo/story.ts';
import { parseCaseFile } from '#model/case-file.ts';
import type { SectionName } from '#model/codes.ts';
import { startWorld, storyOf, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

async function walk(name: string) {
  const story = await storyOf(world, name);
  const told: Told[] = [];
  const beats = tell(story);
  for (;;) {
    const next = await beats.next();
    if (next.done) return { told, ...next.value, caseFile: parseCaseFile(story.caseFile) };
    told.push(next.value);
  }
}

/** What the receiving side may read, as a worker there opens it. */
async function open(referralId: string, section: SectionName): Promise<unknown> {
  const client = world.federation.nodes.receiving.client();
  const { content } = await client.openSection({ referralId, section });
  return JSON.parse(new TextDecoder().decode(content));
}

describe('the example of a child', () => {
  it('walks the whole story, requested and released by two people', async () => {
    const { told, referralId, caseFile } = await walk('child.yaml');
    expect(told.at(-1)?.status).toBe('completed');
    expect(told.filter((beat) => !beat.receiptVerified)).toEqual([]);
    const twoPeople = told.filter((beat) => beat.people === 2).map((beat) => beat.step);
    expect(twoPeople).toEqual(['referralRequest', 'accepted', 'packageReleased']);
    expect(await open(referralId, 'child')).toEqual(caseFile.sections.child);
  });
});

describe('the example of unpaid wages', () => {
  it('walks the whole story; what happened travels under a grant of its own', async () => {
    const { told, referralId, caseFile } = await walk('labour.yaml');
    expect(told.at(-1)?.status).toBe('completed');
    expect(told.filter((beat) => !beat.receiptVerified)).toEqual([]);
    expect(await open(referralId, 'legal')).toEqual(caseFile.sections.legal);
    expect(await open(referralId, 'exploitation')).toEqual(caseFile.sections.exploitation);
  });
});
