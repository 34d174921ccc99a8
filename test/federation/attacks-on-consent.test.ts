import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { uuid4 } from '#crypto/digest.ts';
import { open } from '#crypto/jwe.ts';
import { readUnverifiedPayload } from '#crypto/jws.ts';
import { workers } from '#deploy/demo/contents.ts';
import { ORGANISATIONS } from '#deploy/demo/federation.ts';
import { parseCaseFile } from '#model/case-file.ts';
import type { SectionName, Stage } from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { Grant, SectionContent } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { type Forged, forge, type Parts, sealed } from '#test/exchange/forge.ts';
import { codec } from '#wire/codec.ts';
import type { Answer } from './attacker.ts';
import { type Scene, startScene } from './scene.ts';
import { storyOf } from './world.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());

const { referring, receiving } = ORGANISATIONS;
const CORRECTED = { step: 'sectionCorrected', sectionCorrected: { corrects: 'minimum' } } as const;

function yes(stage: Stage, sections: SectionName[], change: Partial<Grant> = {}): Grant {
  const recipient = receiving.organisation;
  const grant = { recipient, sections, stage, purpose: 'provide-services', until: 4_000_000_000 };
  return { grantId: uuid4(), ...grant, ...change } as Grant;
}

/** A referral that the receiving side confirmed: risk, note and minimum may travel now. */
async function confirmed(): Promise<string> {
  const referralId = await scene.request();
  const body = { step: 'receiptConfirmed', receiptConfirmed: {} } as const;
  await scene.act('receiving', referralId, body, [workers()]);
  return referralId;
}

async function give(forged: Pick<Forged, 'jws' | 'sections'>): Promise<Answer> {
  return scene.insider.referring.deliver(await sealed(await scene.forger('referring'), forged));
}

function receiptIn({ receipt }: Answer) {
  return codec.decodeReceipt(readUnverifiedPayload(receipt ?? ''));
}

/** What of the partner's sections the receiving node holds, by number of their message. */
async function heldAt(referralId: string): Promise<string[]> {
  const all = await scene.node('receiving').store.listSections(referralId);
  return all
    .filter((s) => s.author === 'peer' && s.sealed !== null)
    .map((s) => `${s.seq} ${s.section}`);
}

async function opens(referralId: string, section: SectionName): Promise<string> {
  const client = scene.node('receiving').client();
  return client.openSection({ referralId, section }).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
}

describe('sections that are not what the signed message names', () => {
  let referralId: string;
  let forged: Forged;
  beforeAll(async () => {
    referralId = await confirmed();
    forged = await scene.forged('referring', referralId, {
      body: CORRECTED,
      sections: ['minimum'],
    });
  });
  const own = () => forged.sections[0] as SectionContent;
  const SCHEMA = { status: 'INVALID_ARGUMENT', reason: 'SCHEMA_VIOLATION' };

  it.each<[string, () => SectionContent[]]>([
    ['one that is not named', () => [own(), { ...own(), section: 'note' }]],
    ['one under another name', () => [{ ...own(), section: 'identity' }]],
    ['other content', () => [{ ...own(), content: new TextEncoder().encode('{}') }]],
    [
      'one byte more',
      () => [{ ...own(), content: Buffer.concat([own().content, Buffer.from(' ')]) }],
    ],
    ['another salt', () => [{ ...own(), salt: new Uint8Array(32).fill(9) }]],
  ])('%s: rejected, nothing is stored', async (_, sections) => {
    const before = await heldAt(referralId);
    expect(await give({ jws: forged.jws, sections: sections() })).toMatchObject(SCHEMA);
    expect(await heldAt(referralId)).toEqual(before);
    expect((await scene.open('receiving', referralId)).thread.referring).toHaveLength(1);
  });

  it('one that is too large does not fit into a parcel at all', async () => {
    const content = new Uint8Array(limits.sectionBytesMax + 1);
    await expect(
      give({ jws: forged.jws, sections: [{ ...own(), content }] }),
    ).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
  });

  it('sealed again as they are, they are taken', async () => {
    const receipt = receiptIn(await give(forged));
    expect(receipt).toMatchObject({ verdict: 'taken', sectionsTaken: ['minimum'] });
    expect(await heldAt(referralId)).toEqual(['1 minimum', '2 minimum']);
    expect(await scene.goesOn(referralId)).toBe('received');
  });
});

describe('a section without a grant is never stored and never shown', () => {
  const accepted: Parts = {
    body: { step: 'safetyNotice', safetyNotice: {} },
    sections: ['health'],
  };
  it.each<[string, Parts]>([
    [
      'a name, corrected before acceptance',
      {
        body: { step: 'sectionCorrected', sectionCorrected: { corrects: 'identity' } },
        sections: ['identity'],
      },
    ],
    [
      'a name, under a grant that comes with it',
      {
        body: { step: 'sectionCorrected', sectionCorrected: { corrects: 'identity' } },
        sections: ['identity'],
        grants: [yes('contact', ['identity'])],
      },
    ],
    ['health, as a notice of safety', accepted],
    [
      'health, with a withdrawal of something else',
      { body: withdrawal({ whole: false, sections: ['report'] }), sections: ['health'] },
    ],
    [
      'health, with a refusal',
      {
        body: { step: 'refused', refused: { seq: 1, digest: 'A'.repeat(43), reason: 'late' } },
        sections: ['health'],
      },
    ],
    [
      'health, beside an assessment',
      {
        body: { step: 'riskAssessed', riskAssessed: { assessedAt: 1, answersSeq: 0 } },
        sections: ['risk', 'health'],
      },
    ],
    [
      'a package before acceptance',
      {
        body: {
          step: 'packageReleased',
          packageReleased: { reconfirmedAt: 1, secondPerson: true, short: false },
        },
        sections: ['consent', 'contact', 'danger', 'health'],
      },
    ],
    [
      'what happened, as the answer to a question that nobody asked',
      {
        body: { step: 'clarificationGiven', clarificationGiven: { answersSeq: 1 } },
        sections: ['exploitation'],
      },
    ],
  ])('%s', async (_, parts) => {
    const referralId = await confirmed();
    const receipt = receiptIn(await scene.strike('referring', referralId, parts));
    expect(receipt.sectionsTaken).toEqual([]);
    expect(await heldAt(referralId)).toEqual(['1 minimum']);
    for (const section of parts.sections ?? []) {
      expect(['NOT_CONSENTED', 'NOT_FOUND']).toContain(await opens(referralId, section));
    }
    expect(await scene.goesOn(referralId)).toBe('received');
  });

  it('in a request of its own making: under no grant, one to somebody else, one of another stage', async () => {
    for (const grants of [
      [],
      [yes('contact', ['minimum'], { recipient: referring.organisation })],
      [yes('package', ['minimum'])],
      [
        yes('contact', ['minimum']),
        yes('contact', ['note'], { recipient: 'https://third.example' }),
      ],
    ]) {
      const { referralId, receipt } = await requestBy(grants);
      expect(receipt).toMatchObject({ verdict: 'void', sectionsTaken: [] });
      expect(await heldAt(referralId)).toEqual([]);
      expect((await scene.open('receiving', referralId)).state.status).toBe('none');
    }
  });

  it('nor when the yes has ended on the way', async () => {
    const until = Math.floor(scene.world.clock.now() / 1000) + 8;
    const { referralId, receipt } = await requestBy(
      [yes('contact', ['minimum'], { until })],
      () => {
        scene.hurry();
        scene.hurry();
      },
    );
    expect(receipt).toMatchObject({ verdict: 'taken', sectionsTaken: [] });
    expect(await heldAt(referralId)).toEqual([]);
    expect(await opens(referralId, 'minimum')).toBe('CONSENT_EXPIRED');
  });

  it('nor once the person withdrew, though its author had not heard of it', async () => {
    const referralId = await confirmed();
    const crossing = await scene.forged('referring', referralId, {
      body: CORRECTED,
      sections: ['minimum'],
    });
    const body = withdrawal({ whole: false, sections: ['minimum'] });
    await scene.act('receiving', referralId, body);
    const receipt = receiptIn(await give(crossing));
    expect(receipt).toMatchObject({ verdict: 'taken', sectionsTaken: [] });
    expect(await heldAt(referralId)).toEqual(['1 minimum']);
    expect(await opens(referralId, 'minimum')).toBe('CONSENT_WITHDRAWN');
    expect(await scene.goesOn(referralId)).toBe('received');
  });

  /** A referral that the insider opens himself, with these grants. */
  async function requestBy(grants: Grant[], meanwhile = () => {}) {
    const forger = await scene.forger('referring');
    const referralId = uuid4();
    const answerBy = forger.nowSeconds + 3600;
    const referralRequest = {
      rulesVersion: 1 as const,
      caseCode: uuid4(),
      answerBy,
      secondPerson: false,
    };
    const body = { step: 'referralRequest', referralRequest } as const;
    const parts: Parts = { body, sections: ['minimum'], grants };
    const forged = await forge(forger, referralId, { own: [], theirs: [] }, parts);
    meanwhile();
    return { referralId, receipt: receiptIn(await give(forged)) };
  }
});

describe('the receiving side', () => {
  it('does not widen by a grant of its own what the referring side may send', async () => {
    const referralId = await confirmed();
    await scene.accept(referralId);
    const wide = (['contact', 'assessment', 'package', 'follow-up'] as const).map((stage) =>
      yes(stage, ['health', 'identity', 'exploitation']),
    );
    const reviewAt = Math.floor(scene.world.clock.now() / 1000) + 3600;
    const body = { step: 'held', held: { reviewAt } } as const;
    await scene.strike('receiving', referralId, { body, sections: ['reason'], grants: wide });
    const { state } = await scene.open('referring', referralId);
    expect(state.status).toBe('accepted');
    expect(state.grants.filter((g) => g.side === 'receiving')).toHaveLength(4);
    const { caseFile } = await storyOf(scene.world, 'adult.yaml');
    const { health } = parseCaseFile(caseFile).sections;
    await expect(
      // Past the conditions of the casework service, which refuse it too.
      scene.node('referring').exchange.send({
        messageId: uuid4(),
        referralId,
        body: { step: 'safetyNotice', safetyNotice: {} },
        sections: [{ section: 'health', content: encodeSection('health', health) }],
        grants: [],
        by: { staffId: 'test-person', role: 'caseworker' },
      }),
    ).rejects.toMatchObject({ code: 'NOT_CONSENTED' });
  });

  it('gets nothing by Sync that it may not have any more', async () => {
    const referralId = await confirmed();
    const ask = async () => {
      const { answer } = await scene.insider.receiving.sync({
        referrals: [{ referralId, receiptsWanted: [] }],
      });
      const [first] = (answer?.referrals ?? []) as { mine: { parcel: string }[] }[];
      return Promise.all((first?.mine ?? []).map(({ parcel }) => sectionsIn(parcel)));
    };
    expect(await ask()).toEqual([['minimum']]);
    await scene.act('referring', referralId, withdrawal());
    expect(await ask()).toEqual([[], []]);
  });

  async function sectionsIn(parcel: string): Promise<string[]> {
    const [jwk] = scene.keyring('receiving').publicJwks('encryption');
    const key = scene.keyring('receiving').opening(jwk?.kid ?? '');
    if (!key) throw new Error('the receiving side opens its own parcels');
    const bytes = await open(parcel, key, limits.parcelJweBytesMax);
    return codec.decodeParcel(bytes).sections.map((s) => s.section);
  }
});
