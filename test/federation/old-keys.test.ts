import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { audit, settle } from '#test/proof/audit.ts';
import { type ChildWorld, exampleCase, startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { notice } from '#test/proof/rounds.ts';
import { copyOf, putBack } from './copies.ts';

let world: ChildWorld;
let done: Handovers;
let referral: Referral;
beforeEach(async () => {
  world = await startChildWorld();
  done = { acts: [], cases: [], faults: [] };
  const options = { isEnough: () => false, atOnce: 1, random: randomFrom(1), withdrawals: 0 };
  referral = new Referral(world, options, done);
});
afterEach(() => world[Symbol.asyncDispose]());

async function whatDoesNotHold(): Promise<string[]> {
  const isRestored = true;
  const left = await settle(world, 20_000, { isRestored });
  return [...left, ...(await audit(world, { ...done, cases: [] }, { isRestored }))];
}

describe('a key file that is older than the database', () => {
  it('closes what came since, by name, and the referral goes on', async () => {
    const node = world.nodes.receiving;
    await node.stop();
    const copy = await copyOf(node.config);
    await node.start();
    await referral.open();
    await referral.goOn(6);
    await node.stop();
    await putBack(node.config, copy, ['keys']);
    await node.start();
    const { id: referralId } = referral;
    const open = (section: 'minimum' | 'health' | 'note') =>
      world.client('receiving').openSection({ referralId, section });
    await expect(open('minimum')).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    const told = await referral.act(notice('referring'));
    if (told) await referral.untilRead(told);
    expect(new TextDecoder().decode((await open('note')).content)).toContain('new number');
    await expect(open('health')).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await referral.goOn(100);
    expect(await whatDoesNotHold()).toEqual([`${referralId}: minimum does not open`]);
  }, 120_000);

  it('lets a message go without the sections that nobody can open any more', async () => {
    const { referring, receiving } = world.nodes;
    await referring.stop();
    const copy = await copyOf(referring.config);
    await referring.start();
    await referral.open();
    await referral.goOn(6);
    await receiving.stop();
    const told = await referral.act(notice('referring'));
    await referring.stop();
    await putBack(referring.config, copy, ['keys']);
    await Promise.all([referring.start(), receiving.start()]);
    await world.pass(61);
    if (told) await referral.untilRead(told);
    const { id: referralId } = referral;
    const opened = await world.client('receiving').openSection({ referralId, section: 'note' });
    expect(opened.messageId).not.toBe(told?.messageId);
    // It has read the message; its receipt is still on the way back.
    await expect
      .poll(async () => (await world.client('referring').getReferral({ referralId })).notices)
      .toEqual([`the partner has not got note (message ${told?.seq})`]);
    // What goes on asks the conditions in the case, whose key was lost with the others.
    const localCode = done.cases.at(-1) ?? '';
    const caseFile = new TextEncoder().encode(
      JSON.stringify(await exampleCase('adult.yaml', localCode)),
    );
    await world.client('referring').importCase({ caseFile });
    await referral.goOn(100);
    const faults = await whatDoesNotHold();
    expect(faults.filter((fault) => !fault.includes('"section-unreadable"'))).toEqual([]);
  }, 120_000);

  it('closes the local cases of that time, which may be imported again', async () => {
    const node = world.nodes.referring;
    await node.stop();
    const copy = await copyOf(node.config);
    await node.start();
    const localCode = 'HH-PROOF-KEYS';
    const caseFile = new TextEncoder().encode(
      JSON.stringify(await exampleCase('adult.yaml', localCode)),
    );
    await world.client('referring').importCase({ caseFile });
    await node.stop();
    await putBack(node.config, copy, ['keys']);
    await node.start();
    const opening = world.client('referring').getCase({ localCode, withContent: true });
    await expect(opening).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    await world.client('referring').importCase({ caseFile });
    const { caseFile: again } = await world
      .client('referring')
      .getCase({ localCode, withContent: true });
    expect(JSON.parse(new TextDecoder().decode(again))).toMatchObject({ localCode });
  }, 60_000);
});

describe('a database that is older than the key file', () => {
  it('takes everything back, and opens it with the keys that are there', async () => {
    const node = world.nodes.receiving;
    await node.stop();
    const copy = await copyOf(node.config);
    await node.start();
    await referral.open();
    await referral.goOn(6);
    await node.stop();
    await putBack(node.config, copy, ['database']);
    await node.start();
    const { id: referralId } = referral;
    await expect
      .poll(
        async () => {
          const { content } = await world
            .client('receiving')
            .openSection({ referralId, section: 'health' });
          return new TextDecoder().decode(content);
        },
        { timeout: 20_000 },
      )
      .toContain('medication');
    await referral.goOn(100);
    expect(await whatDoesNotHold()).toEqual([]);
  }, 120_000);
});
