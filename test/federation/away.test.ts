import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { audit, settle } from '#test/proof/audit.ts';
import { type ChildWorld, startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { notice, withdrawal } from '#test/proof/rounds.ts';

const HOUR_SECONDS = 60 * 60;

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

async function hoursPass(hours: number): Promise<void> {
  for (let passed = 0; passed < hours; passed += 6) {
    await world.pass(6 * HOUR_SECONDS);
    await world.refreshMembers();
  }
}

describe('a partner that is away for four days', () => {
  it('gets everything once when it is back, and nothing of it was refused meanwhile', async () => {
    const [going, ending] = [newReferral(), newReferral()];
    for (const referral of [going, ending]) {
      await referral.open();
      await referral.goOn(6);
    }
    await world.nodes.receiving.stop();
    const told = [await going.act(notice('referring'))];
    await hoursPass(2 * 24);
    told.push(await going.act(notice('referring')));
    const withdrawn = await ending.act(withdrawal('referring'));
    const { referral } = await world.client('referring').getReferral({ referralId: ending.id });
    expect(referral).toMatchObject({ status: 'withdrawn', pending: 1 });
    await hoursPass(2 * 24);
    await world.nodes.receiving.start();
    await world.refreshMembers();
    await world.pass(HOUR_SECONDS);
    for (const act of told) if (act) await going.untilRead(act);
    if (withdrawn) await ending.untilRead(withdrawn);
    await going.goOn(100);
    expect([...(await settle(world, 20_000)), ...(await audit(world, done))]).toEqual([]);
  }, 120_000);
});
