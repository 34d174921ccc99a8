import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { privateWords } from '#deploy/demo/private-words.ts';
import type { CaseFile } from '#model/case-file.ts';
import {
  ACCESS_REASONS,
  type AccessReason,
  PERSONAL_SECTIONS,
  SECTIONS,
  type SectionName,
} from '#model/codes.ts';
import { STEP_NAMES } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import { grantTo, IDS } from '#test/exchange/pair.ts';
import { consentFor } from '#test/model/consent-sample.ts';
import { bodyOf, DAY, START_SECONDS, STORY, sample } from '#test/model/story.ts';
import { CALLS, type CallName, type Given, shownBy } from './every-call.ts';
import { by, exampleCase, type Offices, openOffices, type Person } from './office.ts';
import { storyOn, type Told } from './telling-story.ts';

/**
 * What each call may show of a person. A call that is not here fails; one that shows more does, too.
 * 'sections': of the partner's, as far as the gate opens them, each recorded. 'own-case': the case
 * that this organisation has itself, recorded. 'nothing': codes, names of sections, dates.
 */
const MAY_SHOW: Readonly<Record<CallName, 'sections' | 'own-case' | 'nothing'>> = {
  importCase: 'nothing',
  checkReady: 'nothing',
  listCases: 'nothing',
  getCase: 'own-case',
  requestReferral: 'nothing',
  releasePackage: 'nothing',
  act: 'nothing',
  askConsent: 'nothing',
  recordConsent: 'nothing',
  showConsent: 'nothing',
  verifyConsent: 'nothing',
  withdrawConsent: 'nothing',
  noteHeard: 'nothing',
  noteAuthorityAsked: 'nothing',
  listReferrals: 'nothing',
  getReferral: 'nothing',
  openSection: 'sections',
  exportReferral: 'nothing',
  listErasures: 'nothing',
  keepSection: 'nothing',
  eraseCase: 'nothing',
  listAccess: 'nothing',
  verifyAccess: 'nothing',
  getHoldings: 'nothing',
  printReceipt: 'nothing',
  makeCopy: 'own-case',
  listInbox: 'nothing',
  reportBreach: 'nothing',
  settleBreachStep: 'nothing',
  recordDemand: 'nothing',
  decideDemand: 'nothing',
  recordDisclosure: 'nothing',
  recordTold: 'nothing',
  listMatters: 'nothing',
  getMatter: 'nothing',
  addStaff: 'nothing',
  listStaff: 'nothing',
  removeStaff: 'nothing',
  listMembers: 'nothing',
  getNodeStatus: 'nothing',
  watch: 'nothing',
};

const NAMES = Object.keys(CALLS) as CallName[];
/** What the person's no must not wait for, and what would change the story before its turn. */
const LAST: readonly CallName[] = ['withdrawConsent', 'eraseCase', 'removeStaff'];
const IN_TURN = [...NAMES.filter((name) => !LAST.includes(name)), ...LAST];

/** Of each section, one that stands in nothing else; the consent is a real one. */
const wordOf = (section: string) =>
  section === 'consent' ? consentFor('').privacyNotice : `Marrow-word-${section}-x`;

let offices: Offices;
let staff: Record<Side, [Person, Person]>;
let told: Told;
beforeEach(async () => {
  offices = await openOffices();
  const two = async (side: Side): Promise<[Person, Person]> => [
    await offices[side].hire('worker-1', 'supervisor'),
    await offices[side].hire('worker-2'),
  ];
  staff = { referring: await two('referring'), receiving: await two('receiving') };
  told = storyOn(offices.pair, wordOf);
});
afterEach(() => offices[Symbol.asyncDispose]());

function variants(name: CallName, given: Given, reasons: readonly AccessReason[]): Given[] {
  if (name !== 'openSection') return [given];
  return SECTIONS.flatMap((section) => reasons.map((why) => ({ ...given, section, why })));
}

/** By call, the sections of which it showed a word. */
async function shownOf(
  side: Side,
  reasons: readonly AccessReason[],
): Promise<Map<CallName, Set<SectionName>>> {
  const shown = new Map<CallName, Set<SectionName>>();
  for (const name of IN_TURN) {
    const all = new Set<SectionName>();
    for (const one of variants(name, { referralId: told.referralId }, reasons)) {
      const text = await shownBy(offices[side], name, one, staff[side]);
      for (const section of SECTIONS) if (text.includes(wordOf(section))) all.add(section);
    }
    if (all.size > 0) shown.set(name, all);
  }
  return shown;
}

async function linesAt(side: Side): Promise<number> {
  return (await offices.pair[side].store.lastAccess()).line?.number ?? 0;
}

const untilReceived = STORY.slice(0, STORY.findIndex(([, name]) => name === 'packageReceived') + 1);

describe('of what a partner sent', () => {
  it('a call that nobody looked at shows nothing: all are in the table', () => {
    expect(NAMES.toSorted()).toEqual(Object.keys(MAY_SHOW).toSorted());
  });

  it('one call shows sections, those that the gate opens, and none without a line in the log', async () => {
    await told.tell(...untilReceived);
    const shown = await shownOf('receiving', ['casework']);
    expect([...shown.keys()]).toEqual(NAMES.filter((name) => MAY_SHOW[name] === 'sections'));
    const opened = [...(shown.get('openSection') ?? [])];
    expect(opened.toSorted()).toEqual(
      ['consent', 'contact', 'danger', 'identity', 'minimum', 'note', 'risk'].toSorted(),
    );
    expect(await linesAt('receiving')).toBe(opened.length);
  });

  it('no call shows anything that is personal after the no, whatever the reason and whoever agrees', async () => {
    const body = bodyOf('consentWithdrawn', {
      whole: true,
      sections: [],
      stopReports: false,
      deleteSent: false,
      endServices: false,
      meetingWish: 'not-asked',
    });
    const sentAt = START_SECONDS + 4 * DAY;
    await told.tell(...untilReceived, ['referring', 'consentWithdrawn', { sentAt, body }]);
    for (const side of ['referring', 'receiving'] as const) {
      const shown = [...(await shownOf(side, ACCESS_REASONS)).values()].flatMap((names) => [
        ...names,
      ]);
      const personal = shown.filter((name) => PERSONAL_SECTIONS.some((one) => one === name));
      expect(personal).toEqual([]);
    }
  });
});

describe('of a case here', () => {
  it('two calls show its words, each with a line in the log', async () => {
    const { caseFile, given } = await imported((all) => all);
    // The names of organisations in the consent may stand anywhere.
    const { consent: _, ...sections } = caseFile.sections;
    const words = privateWords(sections).filter(({ word }) => word.length > 12);
    expect(words.length).toBeGreaterThan(20);
    const showing: CallName[] = [];
    for (const name of IN_TURN) {
      const text = await shownBy(offices.referring, name, given, staff.referring);
      if (words.some(({ word }) => text.includes(JSON.stringify(word).slice(1, -1))))
        showing.push(name);
    }
    expect(showing).toEqual(NAMES.filter((name) => MAY_SHOW[name] === 'own-case'));
    expect(await linesAt('referring')).toBeGreaterThanOrEqual(showing.length);
  });

  it('no call sends a section to which the person did not say yes', async () => {
    const { caseFile, given } = await imported((all) => {
      return all
        .filter(({ stage }) => stage === 'contact')
        .map((grant) => ({ ...grant, sections: grant.sections.filter((s) => s === 'minimum') }))
        .filter(({ sections }) => sections.length > 0);
    });
    const { api } = offices.referring;
    const [worker] = staff.referring;
    const asked = { requestId: uuid4(), localCode: caseFile.localCode, recipient: IDS.receiving };
    const { outcome } = await api.requestReferral(
      { ...asked, continuesReferralId: '' },
      by(worker),
    );
    const { referralId } = outcome;
    await offices.pair.settle();
    const sections = PERSONAL_SECTIONS.flatMap((section) => {
      const value = caseFile.sections[section as keyof CaseFile['sections']];
      if (!value) return [];
      return [{ section, content: new TextEncoder().encode(JSON.stringify(value)) }];
    });
    expect(sections.length).toBeGreaterThan(5);
    for (const name of IN_TURN.filter((one) => one !== 'act')) {
      await shownBy(offices.referring, name, { ...given, referralId, sections }, staff.referring);
    }
    for (const step of STEP_NAMES) {
      const { thread } = await offices.pair.referring.open(referralId);
      const { body } = sample(thread, 'referring', step);
      for (const one of sections) {
        // Nor by a grant that the worker makes up.
        for (const grants of [[], [grantTo('receiving', 'package', [one.section])]]) {
          const act = { referralId, body, sections: [one], grants };
          await shownBy(offices.referring, 'act', act, staff.referring);
        }
      }
    }
    await offices.pair.settle();
    const held = new Set<SectionName>();
    const { store } = offices.pair.receiving;
    for (const row of (await store.listReferrals(50, '', 0)).items) {
      for (const { section, author } of await store.listSections(row.referralId)) {
        if (author === 'peer' && PERSONAL_SECTIONS.some((one) => one === section))
          held.add(section);
      }
    }
    expect([...held]).toEqual(['minimum']);
  });
});

async function imported(
  keep: (grants: CaseFile['grants']) => CaseFile['grants'],
): Promise<{ caseFile: CaseFile; given: Given }> {
  const { file } = await exampleCase('adult.yaml');
  const read = JSON.parse(new TextDecoder().decode(file)) as CaseFile;
  const caseFile = { ...read, grants: keep(read.grants) };
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  const { localCode } = caseFile;
  const given = { localCode, caseFile: bytes, recipient: IDS.receiving, referralId: uuid4() };
  await shownBy(offices.referring, 'importCase', given, staff.referring);
  const reconfirmedAt = Math.floor(offices.pair.clock.now() / 1000);
  return { caseFile, given: { ...given, reconfirmedAt } };
}
