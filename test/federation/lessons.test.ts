import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { offer, reason } from '#deploy/demo/contents.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { parseCaseFile } from '#model/case-file.ts';
import { PERSONAL_SECTIONS, type SectionName } from '#model/codes.ts';
import { type Body, STEP_NAMES, type StepName } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { viewFor } from '#model/referral.ts';
import { nextSteps, STEPS } from '#model/steps.ts';
import type { Side } from '#model/track.ts';
import { VERBS } from '#services/cli/verbs.ts';
import { canaryCase } from '#test/model/canary-case.ts';
import { codec } from '#wire/codec.ts';
import { schema } from '#wire/schema.ts';
import { MEDDLER, type Scene, startScene } from './scene.ts';
import { storyOf } from './world.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const samples = canaryCase().sections;
const part = (section: SectionName) => ({
  section,
  content: encodeSection(section, samples[section]),
});

/** What the API answers to an act: OK or the code of the error. */
async function tries(
  side: Side,
  referralId: string,
  body: Body,
  sections: ReturnType<typeof part>[],
) {
  const client = scene.node(side).client({ second: true });
  return client.act({ requestId: uuid4(), referralId, body, sections, grants: [] }).then(
    () => 'OK',
    (error: { code: string }) => error.code,
  );
}

const seconds = () => Math.floor(scene.world.clock.now() / 1000);

/** A body of each step that its schema takes. */
function bodyOf(step: StepName): Body {
  const bodies: Partial<Record<StepName, object>> = {
    riskAssessed: { assessedAt: seconds(), answersSeq: 0 },
    clarificationAsked: { about: 'minimum' },
    clarificationGiven: { answersSeq: 1 },
    accepted: { secondPerson: true },
    packageReceived: { packageSeq: 1 },
    packageRefused: { packageSeq: 1, fault: 'undecryptable' },
    sectionCorrected: { corrects: 'minimum' },
    departed: {
      travelAgreedAt: seconds(),
      referringRiskReadAt: seconds(),
      receivingRiskReadAt: seconds(),
      medicineAndMoney: true,
      callOffered: true,
    },
    arrived: { codeWordGiven: true },
    caseManagementTaken: { firstContactDone: true, planAgreed: true },
    followUpReported: { milestone: 'days-7' },
    planRevised: { personAgreed: true },
    held: { reviewAt: seconds() + 3600 },
    completed: { personView: 'heard' },
    enteredInError: { wrongRecipient: false },
  };
  return { step, [step]: bodies[step] ?? {} } as unknown as Body;
}

const REASONS: Partial<Record<StepName, Parameters<typeof reason>[0]>> = {
  notArrived: 'not-met',
  completed: 'goals-met',
  cancellationRequested: 'person-changed-mind',
};

/** What must travel with a step, each section as its schema wants it. */
function partsOf(step: StepName): ReturnType<typeof part>[] {
  const needs = STEPS[step].needs ?? [];
  return needs.map((name) => (name === 'reason' ? reason(REASONS[step] ?? 'other') : part(name)));
}

/** Steps that have a call of their own, that the node takes itself, or that a later duty needs. */
const NOT_AN_ACT = new Set<StepName>([
  'referralRequest',
  'packageReleased',
  'refused',
  'erasureConfirmed',
  'accessReported',
  'breachReported',
]);
const ACTS = STEP_NAMES.filter((step) => !NOT_AN_ACT.has(step) && step !== 'consentWithdrawn');

describe('two partners of one case', () => {
  it('cannot join what they hold: no id, code or digest is the same', async () => {
    const client = scene.node('referring').client();
    const { caseFile } = await storyOf(scene.world, 'adult.yaml');
    const text = new TextDecoder().decode(caseFile);
    const request = async (recipient: string, file: string) => {
      await client.importCase({ caseFile: new TextEncoder().encode(file) });
      const asked = {
        requestId: uuid4(),
        localCode: 'PAIRWISE-1',
        recipient,
        continuesReferralId: '',
      };
      const { outcome } = await client.requestReferral(asked);
      const { messages } = await scene.node('referring').store.load(outcome.referralId);
      return codec.decodeMessage(readUnverifiedPayload(messages[0]?.jws ?? ''));
    };
    const { localCode } = parseCaseFile(caseFile);
    const first = text.replaceAll(localCode, 'PAIRWISE-1');
    const second = first.replaceAll(ORGANISATIONS.receiving.organisation, MEDDLER);
    const messages = [
      await request(ORGANISATIONS.receiving.organisation, first),
      await request(MEDDLER, second),
    ];
    const values = messages.map(
      (message) => new Set(JSON.stringify(message).match(/"[A-Za-z0-9_-]{36,43}"/g)),
    );
    const [one = new Set<string>(), other = new Set<string>()] = values;
    expect(one.size).toBeGreaterThan(6);
    expect([...one].filter((value) => other.has(value))).toEqual([]);
  });
});

/** What brings something of the person meets the consent and the conditions first. */
const REFUSED = ['ILLEGAL_STEP', 'GATE_OPEN_ITEMS', 'NOT_CONSENTED'];

describe('lessons from the field', () => {
  it('a sender may not accept its own referral', async () => {
    const referralId = await scene.request();
    const { caseFile } = await storyOf(scene.world, 'adult.yaml');
    const writing = { caseFile: parseCaseFile(caseFile), nowMs: scene.world.clock.now() };
    const answer = await tries('referring', referralId, bodyOf('accepted'), [offer(writing)]);
    expect(answer).toBe('ILLEGAL_STEP');
    expect((await scene.open('receiving', referralId)).state.status).toBe('requested');
    // Nor may it refer to itself.
    const own = scene.node('referring').client().requestReferral({
      requestId: uuid4(),
      localCode: writing.caseFile.localCode,
      recipient: ORGANISATIONS.referring.organisation,
      continuesReferralId: '',
    });
    await expect(own).rejects.toMatchObject({ code: 'NOT_PERMITTED' });
  });

  it('a finished referral cannot be revoked', async () => {
    const referralId = await scene.storyUntil('receiving', 'completed');
    for (const side of ['referring', 'receiving'] as const) {
      for (const step of ACTS.filter((name) => name !== 'enteredInError')) {
        const answer = await tries(side, referralId, bodyOf(step), partsOf(step));
        expect(REFUSED, `${side} ${step}`).toContain(answer);
      }
      expect((await scene.open(side, referralId)).state.status).toBe('completed');
    }
  });

  it('an illegal step is an error, never silence', async () => {
    const referralId = await scene.request();
    for (const side of ['referring', 'receiving'] as const) {
      const { state } = await scene.open(side, referralId);
      const legal = nextSteps(viewFor(side, state));
      const before = (await scene.open(side, referralId)).stored.messages.length;
      for (const step of ACTS.filter((name) => !legal.includes(name))) {
        const answer = await tries(side, referralId, bodyOf(step), partsOf(step));
        expect(REFUSED, `${side} ${step}`).toContain(answer);
      }
      for (const step of NOT_AN_ACT) {
        if (step === 'refused') continue;
        const answer = await tries(side, referralId, bodyOf(step), []);
        expect(['NOT_PERMITTED', 'SCHEMA_VIOLATION']).toContain(answer);
      }
      expect((await scene.open(side, referralId)).stored.messages).toHaveLength(before);
    }
  });

  it('a recipient sees no name before acceptance', async () => {
    const referralId = await scene.request();
    const client = scene.node('receiving').client();
    const { sections, timeline } = await client.getReferral({ referralId });
    expect(timeline.flatMap((line) => line.sections)).toEqual(['minimum']);
    expect(sections.map(({ section }) => section)).toEqual(['minimum']);
    for (const section of PERSONAL_SECTIONS.filter((name) => name !== 'minimum')) {
      await expect(client.openSection({ referralId, section }), section).rejects.toMatchObject({
        code: expect.stringMatching(/^(NOT_CONSENTED|NOT_FOUND)$/),
      });
    }
    const { content } = await client.openSection({ referralId, section: 'minimum' });
    const { caseFile } = await storyOf(scene.world, 'adult.yaml');
    const { preferredName } = parseCaseFile(caseFile).sections.identity ?? {};
    expect(preferredName).toBeTruthy();
    expect(new TextDecoder().decode(content)).not.toContain(preferredName);
  });

  it('a referral that is addressed to another organisation answers NOT_FOUND', async () => {
    const referralId = uuid4();
    const client = scene.node('receiving').client();
    const notFound = { code: 'NOT_FOUND' };
    await expect(client.getReferral({ referralId })).rejects.toMatchObject(notFound);
    await expect(client.openSection({ referralId, section: 'minimum' })).rejects.toMatchObject(
      notFound,
    );
    await expect(client.exportReferral({ referralId })).rejects.toMatchObject(notFound);
    expect(await tries('receiving', referralId, bodyOf('declined'), partsOf('declined'))).toBe(
      'NOT_FOUND',
    );
  });

  it('a rejection needs a code', async () => {
    const referralId = await scene.request();
    expect(await tries('receiving', referralId, bodyOf('declined'), [])).toBe('ILLEGAL_STEP');
    expect(await tries('receiving', referralId, bodyOf('declined'), [reason('goals-met')])).toBe(
      'SCHEMA_VIOLATION',
    );
    expect((await scene.open('receiving', referralId)).state.status).toBe('requested');
  });
});

describe('there is no consent override', () => {
  const FORBIDDEN =
    /overrid|bypass|break.?glass|emergency.?access|force|ignore.?consent|skip|without.?consent/i;

  it('in no field of any message, and in no verb or flag', () => {
    const names: string[] = [];
    const walk = (node: {
      name: string;
      nestedArray?: unknown;
      fields?: object;
      values?: object;
      methods?: object;
    }) => {
      names.push(node.name, ...Object.keys({ ...node.fields, ...node.values, ...node.methods }));
      for (const child of (node.nestedArray ?? []) as (typeof node)[]) walk(child);
    };
    walk(schema);
    expect(names.length).toBeGreaterThan(300);
    const flags = VERBS.flatMap((verb) => [
      verb.noun,
      verb.name,
      ...Object.keys(verb.options ?? {}),
    ]);
    expect(flags.length).toBeGreaterThan(60);
    expect([...names, ...flags].filter((name) => FORBIDDEN.test(name))).toEqual([]);
  });

  it('in no setting of a node', async () => {
    const files = [
      'services/node/config.ts',
      'services/node/environment.ts',
      'src/model/limits.ts',
    ];
    for (const file of files) {
      const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
      const names = text.match(/^\s+['"]?([A-Za-z_]+)['"]?:/gm) ?? [];
      expect(names.length, file).toBeGreaterThan(5);
      expect(
        names.filter((name) => FORBIDDEN.test(name)),
        file,
      ).toEqual([]);
    }
  });

  it('by any step, of either side, with two people: what was not granted is not sent', async () => {
    const referralId = await scene.storyUntil('referring', 'departed');
    for (const side of ['referring', 'receiving'] as const) {
      for (const step of ACTS) {
        // Nobody ever said yes to these two in this case.
        for (const section of ['exploitation', 'family'] as const) {
          const parts = [...partsOf(step).filter((p) => p.section !== section), part(section)];
          const body =
            step === 'sectionCorrected'
              ? ({ step, sectionCorrected: { corrects: section } } as Body)
              : bodyOf(step);
          const answer = await tries(
            side,
            referralId,
            body,
            step === 'sectionCorrected' ? [part(section)] : parts,
          );
          expect(['NOT_CONSENTED', 'ILLEGAL_STEP'], `${side} ${step}`).toContain(answer);
        }
      }
      const sealed = await scene.node(side).store.listSections(referralId);
      expect(sealed.filter((s) => ['exploitation', 'family'].includes(s.section))).toEqual([]);
    }
  });
});
