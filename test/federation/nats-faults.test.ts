import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { silentLog } from '#model/log.ts';
import { connectEventStream } from '#nats/stream.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { findNatsServer } from '#services/node/nats-server-binary.ts';
import { audit, natsServersOf, settle, unsettled } from '#test/proof/audit.ts';
import { startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { startWorld, storyOf } from './world.ts';

describe('a nats-server that dies and does not come back for a while', () => {
  it('keeps nobody from work, and has every event afterwards', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'srx-nats-faults-'));
    const isAway = join(folder, 'away');
    const serverBinary = join(folder, 'nats-server');
    const real = await findNatsServer({ env: process.env, progress: () => {} });
    await writeFile(serverBinary, `#!/bin/sh\n[ -e '${isAway}' ] && exit 1\nexec '${real}' "$@"\n`);
    await chmod(serverBinary, 0o700);
    try {
      await using world = await startChildWorld({ nats: { mode: 'own', serverBinary } });
      const done: Handovers = { acts: [], cases: [], faults: [] };
      const options = { isEnough: () => false, atOnce: 1, random: randomFrom(1), withdrawals: 0 };
      const referral = new Referral(world, options, done);
      await referral.open();
      await writeFile(isAway, '');
      for (const pid of await natsServersOf(world.folder)) process.kill(pid, 'SIGKILL');
      await referral.goOn(5);
      expect(unsettled(world).join()).toMatch(/referring: \d+ events.*receiving: \d+ events/);
      await rm(isAway);
      expect(await settle(world, 40_000)).toEqual([]);
      await referral.goOn(100);
      expect([...(await settle(world, 40_000)), ...(await audit(world, done))]).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 120_000);
});

describe('a stream whose store was wiped', () => {
  it('is published again, and nobody is told twice', async () => {
    const told: string[] = [];
    await using world = await startWorld({ onEvent: (json) => void told.push(json) });
    const { federation } = world;
    const { caseFile, localCode } = await storyOf(world, 'adult.yaml');
    const client = federation.nodes.referring.client();
    await client.importCase({ caseFile });
    const recipient = ORGANISATIONS.receiving.organisation;
    const request = { localCode, recipient, continuesReferralId: '' };
    for (let i = 0; i < 3; i += 1) await client.requestReferral({ requestId: uuid4(), ...request });
    // Sent and receipt verified at one node, taken at the other.
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(9);
    await federation.nodes.referring[Symbol.asyncDispose]();
    const { folder } = federation.nodes.referring.config;
    await rm(join(folder, NODE_FILES.nats), { recursive: true });
    await federation.restart('referring');
    const { address } = federation.nodes.referring.events;
    if (!address) throw new Error('events are off');
    await using stream = connectEventStream({ ...address, log: silentLog });
    const inStream = async () => (await stream.position().catch(() => null))?.streamSeq;
    await expect.poll(inStream, { timeout: 20_000 }).toBe(6);
    await federation.nodes.referring.client().requestReferral({ requestId: uuid4(), ...request });
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(12);
    expect(new Set(told).size).toBe(12);
  }, 60_000);
});
