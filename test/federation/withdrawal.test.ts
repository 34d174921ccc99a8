import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { note, reason } from '#deploy/demo/contents.ts';
import type { SectionName } from '#model/codes.ts';
import type { Side } from '#model/track.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { bothDigests, received, type Scene, startScene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

async function opens(side: Side, referralId: string, section: SectionName): Promise<string> {
  const client = scene.node(side).client();
  return client.openSection({ referralId, section }).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
}

async function statusOf(side: Side, referralId: string) {
  const { referral, notices } = await scene.node(side).client().getReferral({ referralId });
  return { status: referral?.status, notices };
}

/** The words of the person; returns at once, whether or not the partner has heard. */
async function says(side: Side, referralId: string, body: ReturnType<typeof withdrawal>) {
  const act = { requestId: uuid4(), referralId, body, sections: [], grants: [] };
  return (await scene.node(side).client().act(act)).outcome;
}

async function foldAlike(referralId: string): Promise<void> {
  const [ours, theirs] = await bothDigests(scene, referralId);
  expect(ours).toBe(theirs);
}

describe.each(['referring', 'receiving'] as const)('a withdrawal at the %s side', (side) => {
  it('of all: reading stops at both ends, at once, and the referral is over', async () => {
    const referralId = await scene.storyUntil('receiving', 'packageReceived');
    expect(await opens('receiving', referralId, 'health')).toBe('opened');
    expect(await opens('referring', referralId, 'risk')).toBe('opened');
    expect(await says(side, referralId, withdrawal())).toMatchObject({ status: 'withdrawn' });
    const reads = side === 'receiving' ? 'health' : 'risk';
    expect(await opens(side, referralId, reads)).toBe('CONSENT_WITHDRAWN');
    await received(scene, side, referralId);
    expect(await opens('receiving', referralId, 'health')).toBe('CONSENT_WITHDRAWN');
    expect(await opens('receiving', referralId, 'minimum')).toBe('CONSENT_WITHDRAWN');
    expect(await opens('referring', referralId, 'risk')).toBe('CONSENT_WITHDRAWN');
    expect((await statusOf('receiving', referralId)).status).toBe('withdrawn');
    expect((await statusOf('referring', referralId)).status).toBe('withdrawn');
    await foldAlike(referralId);
    const other = side === 'referring' ? 'receiving' : 'referring';
    const { items } = await scene.node(other).client().listInbox({ limit: 200, cursor: '' });
    expect(items.filter((i) => i.referralId === referralId).map((i) => i.kind)).toContain(
      'stop-use',
    );
  });

  it('of some: those are closed, the others stay, and the referral goes on', async () => {
    const referralId = await scene.storyUntil('receiving', 'packageReceived');
    await says(side, referralId, withdrawal({ whole: false, sections: ['health', 'legal'] }));
    await received(scene, side, referralId);
    expect(await opens('receiving', referralId, 'health')).toBe('CONSENT_WITHDRAWN');
    expect(await opens('receiving', referralId, 'legal')).toBe('CONSENT_WITHDRAWN');
    expect(await opens('receiving', referralId, 'contact')).toBe('opened');
    expect(await scene.goesOn(referralId)).toBe('in-progress');
  });

  it('while the partner is away: it overtakes, and what went before comes without its sections', async () => {
    const away = side === 'referring' ? 'receiving' : 'referring';
    const referralId = await scene.storyUntil('receiving', 'packageReceived');
    await scene.node(away)[Symbol.asyncDispose]();
    // Under way when the person speaks; nobody takes it.
    const notice = { step: 'safetyNotice', safetyNotice: {} } as const;
    const sections = [note('A note that shall never arrive.')];
    const act = { requestId: uuid4(), referralId, body: notice, sections, grants: [] };
    const { outcome } = await scene.node(side).client().act(act);
    await says(side, referralId, withdrawal());
    await scene.world.federation.restart(away);
    await received(scene, side, referralId);
    const held = await scene.node(away).store.loadSections(referralId, 'peer', outcome.seq);
    expect(held.filter((s) => s.sealed !== null)).toEqual([]);
    expect((await scene.open(away, referralId)).thread[side].at(-1)?.content?.body.step).toBe(
      'consentWithdrawn',
    );
    expect(await opens(away, referralId, away === 'receiving' ? 'health' : 'risk')).toBe(
      'CONSENT_WITHDRAWN',
    );
    await foldAlike(referralId);
  });
});

describe('a withdrawal on the way, before anybody has taken over', () => {
  it('with the wish to be met leaves open what the meeting needs, and the person arrives', async () => {
    const referralId = await scene.storyUntil('referring', 'departed');
    await says('referring', referralId, withdrawal({ meetingWish: 'yes' }));
    await received(scene, 'referring', referralId);
    for (const section of ['contact', 'danger', 'arrival'] as const) {
      expect(await opens('receiving', referralId, section), section).toBe('opened');
    }
    for (const section of ['health', 'legal', 'identity', 'minimum'] as const) {
      expect(await opens('receiving', referralId, section), section).toBe('CONSENT_WITHDRAWN');
    }
    expect((await statusOf('receiving', referralId)).status).toBe('travelling');
    await scene.act('receiving', referralId, { step: 'arrived', arrived: { codeWordGiven: true } });
    expect((await statusOf('referring', referralId)).status).toBe('arrived');
    await foldAlike(referralId);
  });

  it.each(['no', 'not-asked'] as const)(
    'with the wish %s closes all, and raises the alarm at both',
    async (meetingWish) => {
      const referralId = await scene.storyUntil('referring', 'departed');
      await says('receiving', referralId, withdrawal({ meetingWish }));
      await received(scene, 'receiving', referralId);
      for (const section of ['contact', 'danger', 'health'] as const) {
        expect(await opens('receiving', referralId, section), section).toBe('CONSENT_WITHDRAWN');
      }
      for (const side of ['referring', 'receiving'] as const) {
        const { status, notices } = await statusOf(side, referralId);
        expect(status, side).toBe('withdrawn');
        expect(notices, side).toContain('travelling without a receiver');
      }
      await foldAlike(referralId);
    },
  );
});

describe('a withdrawal after the end', () => {
  it('counts in a referral that was declined, too', async () => {
    const referralId = await scene.request();
    await scene.act('receiving', referralId, { step: 'declined', declined: {} }, [reason('other')]);
    expect(await opens('receiving', referralId, 'minimum')).toBe('opened');
    await says('referring', referralId, withdrawal());
    await received(scene, 'referring', referralId);
    expect(await opens('receiving', referralId, 'minimum')).toBe('CONSENT_WITHDRAWN');
    await foldAlike(referralId);
  });
});
