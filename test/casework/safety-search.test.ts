import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import type { SectionName } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { draftOf } from '#test/exchange/pair.ts';
import { storyUpTo, walk } from '#test/exchange/walk.ts';
import { PACKAGE_GRANTS, STORY } from '#test/model/story.ts';
import { by, type Offices, openOffices, type Person } from './office.ts';
import { storyOn } from './telling-story.ts';

/** When the consent of the story ends; whole seconds. */
const ENDS = PACKAGE_GRANTS[0]?.until ?? 0;

let offices: Offices;
let worker: Person;
let supervisor: Person;
let referralId: string;
beforeEach(async () => {
  offices = await openOffices();
  worker = await offices.receiving.hire('key-worker');
  supervisor = await offices.receiving.hire('supervisor-1', 'supervisor');
  referralId = await walk(offices.pair, storyUpTo('receiving', 'packageReceived'));
});
afterEach(() => offices[Symbol.asyncDispose]());

function search(section: SectionName, second?: Person, first = worker) {
  const asked = { referralId, section, why: 'safety-search' as const };
  return offices.receiving.api.openSection(asked, by(first, second));
}

/** So many seconds after the end of the consent. */
function pastEnd(seconds: number): void {
  offices.pair.clock.ms = (ENDS + seconds) * 1000;
}

/** What the other side sent and is still here. */
async function peerSections(): Promise<SectionName[]> {
  const rows = await offices.pair.receiving.store.listSections(referralId);
  return rows
    .filter(({ author, sealed }) => author === 'peer' && sealed !== null)
    .map(({ section }) => section);
}

const EXPIRED = { code: 'CONSENT_EXPIRED' };
const NEEDED = { code: 'SECOND_PERSON_NEEDED' };

describe('a safety search after the end of the consent', () => {
  it('opens contact and danger for two people, a supervisor among them, and records both', async () => {
    pastEnd(1);
    for (const section of ['contact', 'danger'] as const) {
      const { content } = await search(section, supervisor);
      expect(JSON.parse(new TextDecoder().decode(content))).toEqual({ test: section });
    }
    await search('contact', worker, supervisor);
    const lines = await offices.pair.receiving.store.accessOfReferral(referralId, 0, 99);
    expect(lines.map(({ staffId, why }) => [staffId, why])).toEqual([
      ['key-worker', 'safety-search'],
      ['supervisor-1', 'safety-search'],
      ['key-worker', 'safety-search'],
      ['supervisor-1', 'safety-search'],
      ['supervisor-1', 'safety-search'],
      ['key-worker', 'safety-search'],
    ]);
  });

  it('is refused without a second person, with the same one, and without a supervisor', async () => {
    pastEnd(1);
    const colleague = await offices.receiving.hire('worker-2');
    await expect(search('contact')).rejects.toMatchObject(NEEDED);
    await expect(search('contact', undefined, supervisor)).rejects.toMatchObject(NEEDED);
    await expect(search('contact', supervisor, supervisor)).rejects.toMatchObject(NEEDED);
    await expect(search('contact', colleague)).rejects.toMatchObject(NEEDED);
    expect(await offices.pair.receiving.store.accessOfReferral(referralId, 0, 99)).toEqual([]);
  });

  it('opens nothing else, and for no other reason', async () => {
    pastEnd(1);
    await expect(search('identity', supervisor)).rejects.toMatchObject(EXPIRED);
    const asked = { referralId, section: 'contact', why: 'meeting' } as const;
    const call = by(worker, supervisor);
    await expect(offices.receiving.api.openSection(asked, call)).rejects.toMatchObject(EXPIRED);
  });

  it('ends 90 days after the end', async () => {
    pastEnd(limits.safetySearchSeconds);
    await search('contact', supervisor);
    pastEnd(limits.safetySearchSeconds + 1);
    await expect(search('contact', supervisor)).rejects.toMatchObject(EXPIRED);
  });

  it('ends when the referral is closed', async () => {
    const { referring } = offices.pair;
    await referring.exchange.send(draftOf(referralId, { step: 'failed', failed: {} }, ['reason']));
    await offices.pair.settle();
    pastEnd(1);
    await expect(search('contact', supervisor)).rejects.toMatchObject(EXPIRED);
  });

  it('is refused for what the person took back', async () => {
    const partly = withdrawal({ whole: false, sections: ['contact'] });
    await offices.pair.referring.exchange.send(draftOf(referralId, partly));
    await offices.pair.settle();
    pastEnd(1);
    await expect(search('contact', supervisor)).rejects.toMatchObject({
      code: 'CONSENT_WITHDRAWN',
    });
    await search('danger', supervisor);
  });
});

it('the end of every yes closes all and erases nothing; 90 days later all is erased', async () => {
  const told = storyOn(offices.pair);
  const last = STORY.findIndex(([, step]) => step === 'packageReceived');
  await told.tell(...STORY.slice(0, last + 1));
  ({ referralId } = told);
  const sent = await peerSections();
  expect(sent).toEqual(
    expect.arrayContaining(['minimum', 'risk', 'contact', 'danger', 'identity']),
  );
  pastEnd(1);
  await offices.receiving.runDue();
  expect(await peerSections()).toEqual(sent);
  for (const section of sent.filter((name) => name !== 'contact' && name !== 'danger')) {
    await expect(search(section, supervisor)).rejects.toMatchObject(EXPIRED);
  }
  await search('danger', supervisor);
  pastEnd(limits.safetySearchSeconds + 1);
  await offices.receiving.runDue();
  expect(await peerSections()).toEqual([]);
});

it('a search while the consent lives needs one person, as any opening', async () => {
  await search('contact');
  const asked = { referralId: uuid4(), section: 'contact', why: 'safety-search' } as const;
  await expect(
    offices.receiving.api.openSection(asked, by(worker, supervisor)),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
