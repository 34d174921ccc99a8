import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Desks, exampleSection, openDesks } from './desk.ts';

let aheadMs = 0;
let desks: Desks;
beforeAll(async () => {
  desks = await openDesks({ clock: { now: () => Date.now() + aheadMs } });
});
afterAll(() => desks[Symbol.asyncDispose]());

describe('a clock that is behind the partner', () => {
  it('stops the act before it is sent, says so, and a withdrawal all the same goes', async () => {
    await desks.referring.done('case import deploy/cases/adult.yaml');
    const { referralId } = await desks.referring.json(
      'referral request HH-2026-0001 --to https://homeward-hands.example',
    );
    const id = String(referralId);
    // While both are ahead; then ours falls back.
    aheadMs = 10 * 60_000;
    await desks.receiving.done(
      `referral confirm ${id} --workers ${exampleSection('workers.yaml')}`,
    );
    aheadMs = 0;
    const hold = `referral hold ${id} --reason awaiting-documents --review-at 2030-01-20`;
    const { code, err } = await desks.referring.type(hold);
    expect(code).toBe(1);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(
      'behind the partner: set it by NTP, then try again',
    );
    expect((await desks.referring.json(`referral show ${id}`))['timeline']).toHaveLength(2);
    const withdrawn = await desks.referring.done(`referral withdraw ${id} --all --yes`);
    expect(withdrawn).toContain('The referral is withdrawn.');
  });
});
