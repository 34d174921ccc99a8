import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { formsOf, privateWords } from '#deploy/demo/private-words.ts';
import { type Told, tell } from '#deploy/demo/story.ts';
import { parseCaseFile } from '#model/case-file.ts';
import type { Side } from '#model/track.ts';
import { postgresql, type TestDatabase } from '#test/store/engines.ts';
import { startWorld, storyOf, type World } from './world.ts';

const SIDES = ['referring', 'receiving'] as const;
// In the middle of it, each node at another place.
const RESTARTS: Readonly<Record<number, Side>> = { 4: 'receiving', 9: 'referring' };

describe.skipIf(!postgresql)('the whole story with both nodes on PostgreSQL', () => {
  const databases = {} as Record<Side, TestDatabase>;
  let world: World;
  let words: string[];
  const told: Told[] = [];
  let referralId = '';

  beforeAll(async () => {
    for (const side of SIDES) if (postgresql) databases[side] = await postgresql.create();
    world = await startWorld({ databaseUrlOf: (side) => databases[side].url });
    const story = await storyOf(world, 'adult.yaml');
    const named = JSON.stringify(ORGANISATIONS).toLowerCase();
    words = privateWords(parseCaseFile(story.caseFile).sections)
      .map(({ word }) => word)
      .filter((word) => !named.includes(word.toLowerCase()));
    const beats = tell(story);
    for (let next = await beats.next(); ; next = await beats.next()) {
      if (next.done) {
        referralId = next.value.referralId;
        break;
      }
      told.push(next.value);
      const restarted = RESTARTS[told.length];
      if (restarted) await world.federation.restart(restarted);
    }
  }, 180_000);
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    for (const side of SIDES) await databases[side][Symbol.asyncDispose]();
  });

  /** Every column of every table of ours, as text. */
  async function dumpOf(side: Side): Promise<string> {
    const { query } = databases[side];
    const tables = await query("select tablename from pg_tables where schemaname = 'public'");
    const rows = await Promise.all(
      tables.map(({ tablename }) => query(`select t::text as row from "${String(tablename)}" t`)),
    );
    return rows
      .flat()
      .map(({ row }) => String(row))
      .join('\n');
  }

  it('runs on PostgreSQL, and says so', async () => {
    for (const side of SIDES) {
      expect(world.federation.nodes[side].store.engine).toBe('postgresql');
      const { checks } = await world.federation.nodes[side].client().getNodeStatus({});
      expect(checks.find((check) => check.name === 'database durability')).toEqual({
        name: 'database durability',
        ok: true,
        detail: 'fsync=on, synchronous_commit=on',
      });
    }
  });

  it('ends completed, every message with a verified receipt, over a restart of each node', () => {
    expect(told.length).toBeGreaterThan(Math.max(...Object.keys(RESTARTS).map(Number)));
    expect(told.at(-1)?.status).toBe('completed');
    expect(told.filter((beat) => !beat.receiptVerified)).toEqual([]);
  });

  it('folds to the same state from the same chains at both nodes, after a restart too', async () => {
    const look = async (side: Side) => {
      const client = world.federation.nodes[side].client();
      const { stateDigest, timeline } = await client.getReferral({ referralId });
      return { stateDigest, chain: timeline.map((l) => `${l.author} ${l.digest}`).toSorted() };
    };
    const ours = await look('referring');
    expect(ours.chain.length).toBeGreaterThanOrEqual(told.length);
    expect(await look('receiving')).toEqual(ours);
    for (const side of SIDES) await world.federation.restart(side);
    expect([await look('referring'), await look('receiving')]).toEqual([ours, ours]);
  });

  it('opens what was granted to the receiving side', async () => {
    const client = world.federation.nodes.receiving.client();
    const { content } = await client.openSection({ referralId, section: 'health' });
    expect(JSON.parse(new TextDecoder().decode(content))).toHaveProperty('medication');
  });

  it('leaves no word of the case in any column, under any name', async () => {
    expect(words.length).toBeGreaterThan(50);
    for (const side of SIDES) {
      const dump = await dumpOf(side);
      const stands = (word: string) => formsOf(word).some((form) => dump.includes(form));
      // It finds what is there: an event's partner in the clear, a message's in its bytes.
      expect(Object.values(ORGANISATIONS).map((o) => stands(o.organisation))).toEqual([true, true]);
      expect(words.filter(stands)).toEqual([]);
    }
  });
});
