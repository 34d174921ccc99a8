import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { limits } from '#model/limits.ts';
import { silentLog } from '#model/log.ts';
import { tokenFileOf } from '#services/node/first-staff.ts';
import { start } from '#services/node/start.ts';
import { startWorld } from '#test/federation/world.ts';
import { createCaseworkClient } from '#wire/casework-client.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';

import { makeLoneNode } from './lone-node.ts';

/** Those that are not well, by name; and what each says. */
async function faultsOf(client: CaseworkClient): Promise<Record<string, string>> {
  const { checks } = await client.getNodeStatus({});
  return Object.fromEntries(
    checks.filter(({ ok }) => !ok).map(({ name, detail }) => [name, detail]),
  );
}

describe('the status of a node', () => {
  it('is well while all is well, and says how long it lives without its registry', async () => {
    await using world = await startWorld();
    const { nodes, registry } = world.federation;
    const client = nodes.referring.client();
    const { checks } = await client.getNodeStatus({});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['events', 'registry', 'members', 'encryption key', 'certificate']),
    );
    const answeredAt = new Date(world.clock.now()).toISOString().slice(0, 13).replace('T', ' ');
    await registry[Symbol.asyncDispose]();
    world.clock.pass(1);
    expect(await nodes.referring.refreshMembers()).toBe(false);
    const late = await faultsOf(client);
    expect(Object.keys(late)).toEqual(['registry']);
    expect(late['registry']).toMatch(/answered at .* UTC; members until .* UTC: see whether/);
    expect(late['registry']).toContain(answeredAt);
    world.clock.pass(limits.statementLifeSecondsMax / 3600);
    expect(await nodes.referring.refreshMembers()).toBe(false);
    expect(await faultsOf(client)).toMatchObject({
      registry: expect.stringContaining('no member is known'),
      members: expect.stringMatching(/^0 live, this node is not/),
    });
  });

  it('says what is missing: a registry that never answered, events that go nowhere', async () => {
    const { folder, config } = await makeLoneNode();
    await using _folder = folder;
    const token = (await readFile(join(config.folder, tokenFileOf('first')), 'utf8')).trim();
    const address = `127.0.0.1:${config.casework.port}`;
    const clock = { ms: Date.now(), now: () => clock.ms };
    const away = { mode: 'external', url: 'nats://127.0.0.1:1' } as const;
    for (const [nats, words] of [
      [config.nats, 'NATS is off'],
      [away, 'NATS is not reached; 0 wait'],
    ] as const) {
      await using _node = await start({ ...config, nats }, { clock, log: silentLog });
      await using client = createCaseworkClient({ address, token });
      expect(await faultsOf(client)).toEqual({
        events: expect.stringContaining(words),
        registry: expect.stringMatching(/^has not answered yet; no member is known/),
        members: expect.stringMatching(/^0 live, this node is not/),
      });
      clock.ms += limits.tlsCertificateLifeMs - 10 * 86_400_000;
      expect(await faultsOf(client)).toMatchObject({
        'encryption key': expect.stringContaining('renews itself'),
        certificate: expect.stringContaining('ends in 9 days'),
      });
      clock.ms = Date.now();
    }
  });
});
