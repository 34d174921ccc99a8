import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SectionName } from '#model/codes.ts';
import type { Grant } from '#model/message.ts';
import type { Consent } from '#model/plan/consent.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { draftOf, grantTo, IDS, type Pair, startPair } from './pair.ts';
import { storyUpTo, walk } from './walk.ts';

const NAMES: SectionName[] = ['consent', 'contact', 'danger', 'health'];
const CANARY = 'ZZ-EXCEEDS-CANARY';
const text = new TextEncoder();

let pair: Pair;
let referralId: string;
beforeEach(async () => {
  pair = await startPair();
  referralId = await walk(pair, storyUpTo('receiving', 'accepted'));
});
afterEach(() => pair[Symbol.asyncDispose]());

async function release(receipt: unknown, grants: Grant[] = []): Promise<void> {
  const now = Math.floor(pair.clock.now() / 1000);
  const packageReleased = { reconfirmedAt: now, secondPerson: false, short: false };
  const draft = draftOf(referralId, { step: 'packageReleased', packageReleased });
  await pair.referring.exchange.send({
    ...draft,
    sections: NAMES.map((section) => ({
      section,
      content: text.encode(section === 'consent' ? JSON.stringify(receipt) : `{"c":"${CANARY}"}`),
    })),
    grants: [grantTo('receiving', 'package', NAMES), ...grants],
  });
  await pair.settle();
}

const held = async () => {
  const all = await pair.receiving.store.listSections(referralId);
  return all.filter((s) => s.author === 'peer' && s.sealed !== null).map((s) => s.section);
};
const newest = async (side: 'referring' | 'receiving') =>
  (await pair[side].open(referralId)).thread.receiving.at(-1)?.content?.body;
const fault = async () => {
  const body = await newest('receiving');
  return body?.step === 'packageRefused' ? body.packageRefused.fault : null;
};

describe('a package', () => {
  it('is taken whole where its consent receipt covers it', async () => {
    await release(consentFor(IDS.receiving));
    expect(await fault()).toBeNull();
    expect(await held()).toEqual(expect.arrayContaining(NAMES));
  });

  it.each<[string, Partial<Consent>, string]>([
    [
      'names a section less',
      { piiInformation: ['consent', 'contact', 'danger'] },
      'exceeds-consent',
    ],
    ['is for another organisation', { recipientThirdParties: [IDS.referring] }, 'exceeds-consent'],
    ['is for the way back', { direction: 'from-recipient' }, 'exceeds-consent'],
    [
      'is older than the no',
      { events: [eventOf('given', 1), eventOf('withdrawn', 2)] },
      'exceeds-consent',
    ],
    ['is no yes', { events: [eventOf('requested', 1)] }, 'exceeds-consent'],
    ['cannot be read', { events: undefined as never }, 'undecryptable'],
  ])(
    'is refused by the node itself, and nothing of it kept, where the receipt %s',
    async (_, given, why) => {
      const before = await held();
      await release(consentFor(IDS.receiving, given));
      expect(await fault()).toBe(why);
      expect(await held()).toEqual(before);
      for (const side of ['referring', 'receiving'] as const) {
        expect((await pair[side].open(referralId)).state.status).toBe('accepted');
      }
      expect(await newest('referring')).toEqual(await newest('receiving'));
      await pair.receiving.restart();
      const file = await readFile(pair.folder.path('receiving.db'));
      expect(file.includes(CANARY)).toBe(false);
    },
  );

  it('is released again after it was refused, with a receipt that covers it', async () => {
    await release(consentFor(IDS.receiving, { piiInformation: ['consent'] }));
    expect(await fault()).toBe('exceeds-consent');
    await release(consentFor(IDS.receiving));
    expect(await held()).toEqual(expect.arrayContaining(NAMES));
    expect((await pair.receiving.open(referralId)).state.status).toBe('package-released');
  });

  it('is taken with the later yes of two events at one time', async () => {
    const events = [eventOf('withdrawn', 1), eventOf('renewed', 1)];
    await release(consentFor(IDS.receiving, { events }));
    expect(await fault()).toBeNull();
  });

  it('is refused after a restart only when heads were compared', async () => {
    await pair.receiving.restart();
    const asked: string[] = [];
    pair.onSync = (from, answers) => {
      asked.push(from);
      return answers;
    };
    await release(consentFor(IDS.receiving, { recipientThirdParties: [IDS.referring] }));
    await expect.poll(fault).toBe('exceeds-consent');
    expect(asked).toContain('referring');
  });
});

function eventOf(
  eventState: Consent['events'][number]['eventState'],
  day: number,
): Consent['events'][number] {
  const eventTime = `2026-11-0${day}T10:00:00Z`;
  return { eventTime, entityId: IDS.referring, eventType: 'explicit', eventState };
}
