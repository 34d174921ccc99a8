import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { reason, workers } from '#deploy/demo/contents.ts';
import type { Side } from '#model/track.ts';
import { bothDigests, type Scene, startScene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const DECLINED = { step: 'declined', declined: {} } as const;

async function view(side: Side, referralId: string) {
  return scene.node(side).client().getReferral({ referralId });
}

async function tasksOf(side: Side, referralId: string): Promise<string[]> {
  const { items } = await scene.node(side).client().listInbox({ limit: 200, cursor: '' });
  return items.filter((item) => item.referralId === referralId).map((item) => item.kind);
}

async function endsAlike(referralId: string, status: string): Promise<void> {
  const [ours, theirs] = await bothDigests(scene, referralId);
  expect(ours).toBe(theirs);
  for (const side of ['referring', 'receiving'] as const) {
    expect((await view(side, referralId)).referral?.status, side).toBe(status);
  }
}

describe('a request that is declined', () => {
  it('before it was accepted: the referring side knows, and why is for it alone to read', async () => {
    const referralId = await scene.request();
    const confirm = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;
    await scene.act('receiving', referralId, confirm, [workers()]);
    await scene.act('receiving', referralId, DECLINED, [reason('no-capacity')]);
    await endsAlike(referralId, 'declined');
    expect(await tasksOf('referring', referralId)).toContain('look-for-other-help');
    expect(await tasksOf('receiving', referralId)).toEqual([]);
    const client = scene.node('referring').client();
    const { content } = await client.openSection({ referralId, section: 'reason' });
    expect(JSON.parse(new TextDecoder().decode(content))).toEqual({ code: 'no-capacity' });
    expect(scene.world.logged.join('')).not.toContain('no-capacity');
  });

  it('after it was accepted: no package leaves any more', async () => {
    const referralId = await scene.storyUntil('receiving', 'accepted');
    await scene.act('receiving', referralId, DECLINED, [reason('capacity-lost')]);
    await endsAlike(referralId, 'declined');
    expect(await tasksOf('referring', referralId)).toContain('look-for-other-help');
    const reconfirmedAt = Math.floor(scene.world.clock.now() / 1000);
    const release = { requestId: uuid4(), referralId, reconfirmedAt };
    await expect(
      scene.node('referring').client({ second: true }).releasePackage(release),
    ).rejects.toMatchObject({ code: 'ILLEGAL_STEP' });
  });

  it('while the person travels: an alarm at both, and no quiet end', async () => {
    const referralId = await scene.storyUntil('referring', 'departed');
    await scene.act('receiving', referralId, DECLINED, [reason('capacity-lost')]);
    await endsAlike(referralId, 'travelling-without-receiver');
    for (const side of ['referring', 'receiving'] as const) {
      expect(await tasksOf(side, referralId), side).toContain('travelling-without-receiver');
      expect((await view(side, referralId)).notices).toContain('travelling without a receiver');
    }
    // Whoever is met all the same has arrived.
    const arrived = { step: 'arrived', arrived: { codeWordGiven: true } } as const;
    await scene.act('receiving', referralId, arrived);
    expect(await tasksOf('referring', referralId)).not.toContain('travelling-without-receiver');
  });

  it('needs a reason, and one that fits', async () => {
    const referralId = await scene.request();
    const client = scene.node('receiving').client();
    const act = { requestId: uuid4(), referralId, body: DECLINED, grants: [] };
    await expect(client.act({ ...act, sections: [] })).rejects.toMatchObject({
      code: 'ILLEGAL_STEP',
      message: 'This step cannot be taken now: section reason is missing.',
    });
    await expect(client.act({ ...act, sections: [reason('goals-met')] })).rejects.toMatchObject({
      code: 'SCHEMA_VIOLATION',
    });
    const { state } = await scene.open('referring', referralId);
    expect(state.status).toBe('requested');
  });
});
