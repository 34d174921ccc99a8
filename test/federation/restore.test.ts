import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { otherSide } from '#model/track.ts';
import { audit, settle } from '#test/proof/audit.ts';
import { type ChildWorld, SIDES, startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { notice, withdrawal } from '#test/proof/rounds.ts';
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

  it('writes nothing before the partner has answered, but for a withdrawal', async () => {
    const node = world.nodes[side];
    const referral = newReferral();
    await referral.open();
    await referral.goOn(6);
    await node.stop();
    const copy = await copyOf(node.config);
    await node.start();
    await referral.goOn(2);
    for (const each of SIDES) await world.nodes[each].stop();
    await putBack(node.config, copy);
    await node.start();
    await expect(referral.tryOnce(notice(side))).rejects.toMatchObject({ code: 'SYNC_FIRST' });
    const withdrawn = await referral.tryOnce(withdrawal(side));
    const { referralId } = withdrawn;
    await world.nodes[partner].start();
    await world.pass(61);
    await expect
      .poll(() => standing(partner, referralId), { timeout: 20_000 })
      .toMatchObject({ status: 'withdrawn', pending: 0 });
    // Its number was taken already: both messages are kept, and both nodes know.
    await expect
      .poll(() => standing(side, referralId), { timeout: 20_000 })
      .toEqual(await standing(partner, referralId));
    for (const each of SIDES) {
      const opening = world.client(each).openSection({ referralId, section: 'danger' });
      await expect(opening).rejects.toMatchObject({ code: 'CONSENT_WITHDRAWN' });
    }
  }, 120_000);
});

async function standing(side: (typeof SIDES)[number], referralId: string) {
  const { referral, stateDigest, nextSteps, timeline } = await world
    .client(side)
    .getReferral({ referralId });
  const { status, pending } = referral;
  const forks = timeline.filter((line) => line.verdict === 'fork').length;
  return { status, pending, stateDigest, forks, nextSteps: nextSteps.length > 0 };
}
