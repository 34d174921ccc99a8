import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { otherSide } from '#model/track.ts';
import { audit, settle } from '#test/proof/audit.ts';
import { type ChildWorld, SIDES, startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { notice } from '#test/proof/rounds.ts';
import { copyOf, putBack } from './copies.ts';

let world: ChildWorld;
let done: Handovers;
beforeEach(async () => {
  world = await startChildWorld();
  done = { acts: [], cases: [], faults: [] };
});
afterEach(() => world[Symbol.asyncDispose]());

function newReferral(): Referral {
  const options = { isEnough: () => false, atOnce: 1, random: randomFrom(1), withdrawals: 0 };
  return new Referral(world, options, done);
}

/** Nothing is under way and all that must hold does; local cases have no copy elsewhere. */
async function whatDoesNotHold(): Promise<string[]> {
  const isRestored = true;
  const left = await settle(world, 20_000, { isRestored });
  return [...left, ...(await audit(world, { ...done, cases: [] }, { isRestored }))];
}

describe.each(SIDES)('the %s node, restored from an old copy', (side) => {
  const partner = otherSide(side);

  it('takes back what it wrote, what it had read and its receipts, and goes on', async () => {
    const node = world.nodes[side];
    const referral = newReferral();
    await referral.open();
    await referral.goOn(2);
    await node.stop();
    const copy = await copyOf(node.config);
    await node.start();
    await referral.goOn(4);
    const younger = newReferral();
    await younger.open();
    await younger.goOn(2);
    await node.stop();
    const meanwhile = await referral.act(notice(partner));
    await putBack(node.config, copy);
    await node.start();
    if (meanwhile) await referral.untilRead(meanwhile);
    expect(await whatDoesNotHold()).toEqual([]);
    await referral.goOn(100);
    expect(await whatDoesNotHold()).toEqual([]);
  }, 120_000);
});
