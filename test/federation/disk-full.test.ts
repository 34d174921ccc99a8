import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { Refusal } from '#model/refusal.ts';
import { NODE_FILES } from '#services/node/config.ts';
import { audit, settle } from '#test/proof/audit.ts';
import type { ChildNode } from '#test/proof/child-node.ts';
import { SIDES, startChildWorld } from '#test/proof/child-world.ts';
import { type Handovers, Referral } from '#test/proof/handovers.ts';
import { randomFrom } from '#test/proof/random.ts';
import { notice } from '#test/proof/rounds.ts';

/** Of util-linux: bounds the files of a process that runs, without being root. */
function canBound(): boolean {
  try {
    execFileSync('prlimit', ['--version']);
    return true;
  } catch {
    return false;
  }
}

function boundFiles({ pid }: ChildNode, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
}

/** So large is its write-ahead log now: a longer one does not fit on this disk. */
async function fillDisk(node: ChildNode): Promise<void> {
  const { size } = await stat(join(node.config.folder, `${NODE_FILES.database}-wal`));
  boundFiles(node, size);
}

const can = canBound();
if (!can) console.log('not run: a full disk, for which prlimit (util-linux) is needed');

it.skipIf(!can)(
  'on a full disk says so, acknowledges nothing that it does not keep, and goes on when there is space',
  async () => {
    await using world = await startChildWorld();
    const done: Handovers = { acts: [], cases: [], faults: [] };
    const options = { isEnough: () => false, atOnce: 1, random: randomFrom(1), withdrawals: 0 };
    const referral = new Referral(world, options, done);
    await referral.open();
    await referral.goOn(6);
    for (const side of SIDES) await fillDisk(world.nodes[side]);
    for (const side of SIDES) {
      const refused = await referral.tryOnce(notice(side)).then(
        () => null,
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(Refusal);
      expect(refused).toMatchObject({ code: 'UNAVAILABLE', message: /disk of the database/ });
    }
    for (const side of SIDES) boundFiles(world.nodes[side], 'unlimited');
    await referral.goOn(100);
    expect([...(await settle(world, 40_000)), ...(await audit(world, done))]).toEqual([]);
    for (const side of SIDES) {
      const { checks } = await world.client(side).getNodeStatus({});
      expect(checks.find((check) => check.name === 'database integrity')?.ok).toBe(true);
    }
  },
  120_000,
);
