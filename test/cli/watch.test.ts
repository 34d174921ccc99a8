import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Running } from './command.ts';
import { type Desks, exampleSection, openDesks } from './desk.ts';

const NOBODY = '0b0c6d1e-4f7a-4a52-9d0f-2f1f7f3f6a10';
let desks: Desks;
let id: string;

beforeAll(async () => {
  desks = await openDesks();
  await desks.referring.done('case import deploy/cases/adult.yaml');
  const { referralId } = await desks.referring.json(
    'referral request HH-2026-0001 --to https://homeward-hands.example',
  );
  id = String(referralId);
});
afterAll(() => desks[Symbol.asyncDispose]());

/** Lets something happen until the watcher, which may still be on its way in, has heard of it. */
async function stir(watch: Running): Promise<void> {
  for (let tries = 0; watch.said.out === ''; tries += 1) {
    if (tries > 100) throw new Error(`nothing was heard: ${watch.said.err}`);
    await desks.referring.done(
      `referral hold ${id} --reason awaiting-documents --review-at 2030-01-20`,
    );
    await desks.referring.done(`referral resume ${id}`);
  }
}

type Event = { id: string; subject: string };
const eventsOf = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);

describe('srx watch', () => {
  it('shows events as they happen, one JSON document a line, until the status is there', async () => {
    const watch = desks.receiving.start(`watch --referral ${id} --until received --json`);
    await stir(watch);
    await desks.receiving.done(
      `referral confirm ${id} --workers ${exampleSection('workers.yaml')}`,
    );
    const { code, out, err } = await watch.ended;
    expect([code, err]).toEqual([0, '']);
    expect(eventsOf(out).every(({ subject }) => subject === id)).toBe(true);
    expect(out).not.toContain('Worker Example');
  });

  it('ends at once for a status that is there already', async () => {
    const said = await desks.referring.type(`watch --referral ${id} --until received`);
    expect(said).toMatchObject({ code: 0, out: '' });
  });

  it('names the referral on each line', async () => {
    const watch = desks.referring.start('watch');
    await stir(watch);
    const { code, out } = await watch.stop();
    expect(code).toBe(130);
    const line = `^\\d\\d:\\d\\d:\\d\\d  ${id.slice(0, 8)}  (step-sent|receipt-verified) +(held|resumed) +received$`;
    for (const one of out.trimEnd().split('\n')) expect(one).toMatch(new RegExp(line));
  });

  it('goes on after an event, and says so for one that it does not know', async () => {
    const watch = desks.referring.start(`watch --referral ${id} --json`);
    await stir(watch);
    const events = eventsOf((await watch.stop()).out);
    const after = desks.referring.start(`watch --referral ${id} --json --after ${events[0]?.id}`);
    await stir(after);
    const rest = eventsOf((await after.stop()).out);
    const missed = events.slice(1).map((event) => event.id);
    expect(rest.map((event) => event.id).slice(0, missed.length)).toEqual(missed);
    expect(rest.map((event) => event.id)).not.toContain(events[0]?.id);
    const unknown = await desks.referring.type(`watch --after ${NOBODY}`);
    expect(unknown).toMatchObject({ code: 3, out: '', err: expect.stringContaining('--after') });
  });

  it('says how to go on when the node is gone', async () => {
    const watch = desks.receiving.start(`watch --referral ${id} --json`);
    await stir(watch);
    await desks.world.federation.restart('receiving');
    const { code, out, err } = await watch.ended;
    expect(code).toBe(7);
    expect(err).toContain(`--after ${eventsOf(out).at(-1)?.id}`);
  });
});
