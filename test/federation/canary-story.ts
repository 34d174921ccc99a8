// A referral with a canary word in every field of every section, through every
// step that carries one, and errors at the doors with canaries in what was wrong.
import { uuid4 } from '#crypto/digest.ts';
import { reason } from '#deploy/demo/contents.ts';
import { type Federation, ORGANISATIONS } from '#deploy/demo/federation.ts';
import type { SectionName } from '#model/codes.ts';
import type { Body } from '#model/message.ts';
import { encodeSection } from '#model/plan/sections.ts';
import type { Side } from '#model/track.ts';
import { withdrawal } from '#test/exchange/adversary.ts';
import { type Canaries, canaryCase } from '#test/model/canary-case.ts';
import { until } from '#test/tracking/test-events.ts';

export type CanaryStory = {
  canaries: Canaries;
  /** Sections that travelled, to know that the story told them all. */
  told: Set<SectionName>;
  /** Every error that a client saw, with all that came with it. */
  errors: string[];
};

type Part = { section: SectionName; content: Uint8Array };

export async function tellCanaryStory({ nodes }: Federation): Promise<CanaryStory> {
  const canaries = canaryCase();
  const story: CanaryStory = { canaries, told: new Set(), errors: [] };
  const part = (section: SectionName): Part => {
    return { section, content: encodeSection(section, canaries.sections[section]) };
  };
  const { caseFile } = canaries;
  const bytes = new TextEncoder().encode(JSON.stringify(caseFile));
  await nodes.referring.client().importCase({ caseFile: bytes });

  const received = async (side: Side, referralId: string) => {
    await until(async () => {
      const { messages } = await nodes[side].store.load(referralId);
      return messages.every((m) => m.author !== 'own' || m.receipt !== null);
    });
    const { stored } = { stored: await nodes[side].store.listSections(referralId) };
    for (const { section } of stored) story.told.add(section);
  };
  const request = async () => {
    const { outcome } = await nodes.referring.client({ second: true }).requestReferral({
      requestId: uuid4(),
      localCode: caseFile.localCode,
      recipient: ORGANISATIONS.receiving.organisation,
      continuesReferralId: '',
    });
    await received('referring', outcome.referralId);
    return outcome.referralId;
  };
  const act = async (side: Side, referralId: string, body: Body, ...sections: Part[]) => {
    const client = nodes[side].client({ second: body.step === 'accepted' });
    await client.act({ requestId: uuid4(), referralId, body, sections, grants: [] });
    await received(side, referralId);
  };
  const now = () => Math.floor(nodes.referring.exchange.context.clock.now() / 1000);

  const id = await request();
  await act('receiving', id, { step: 'receiptConfirmed', receiptConfirmed: {} }, part('workers'));
  const about = { step: 'clarificationAsked', clarificationAsked: { about: 'minimum' } } as const;
  await act('receiving', id, about, part('note'));
  const answer = { step: 'clarificationGiven', clarificationGiven: { answersSeq: 2 } } as const;
  await act('referring', id, answer, part('note'), part('minimum'));
  const assessed = (answersSeq: number) =>
    ({ step: 'riskAssessed', riskAssessed: { assessedAt: now(), answersSeq } }) as const;
  await act('referring', id, assessed(0), part('risk'));
  await act('receiving', id, assessed(3), part('risk'));
  await act('receiving', id, { step: 'accepted', accepted: { secondPerson: true } }, part('offer'));
  const release = { requestId: uuid4(), referralId: id, reconfirmedAt: now() };
  await nodes.referring.client({ second: true }).releasePackage(release);
  await received('referring', id);
  await act('receiving', id, { step: 'packageReceived', packageReceived: { packageSeq: 4 } });
  const planned = { step: 'arrivalPlanned', arrivalPlanned: {} } as const;
  await act('receiving', id, planned, part('arrival'));
  await act('referring', id, planned, part('arrival'));
  const notice = { step: 'safetyNotice', safetyNotice: {} } as const;
  await act('receiving', id, notice, part('danger'));
  await act('referring', id, notice, part('health'), part('note'));
  const corrected = {
    step: 'sectionCorrected',
    sectionCorrected: { corrects: 'contact' },
  } as const;
  await act('referring', id, corrected, part('contact'));
  await act('referring', id, {
    step: 'departed',
    departed: {
      travelAgreedAt: now(),
      referringRiskReadAt: now(),
      receivingRiskReadAt: now(),
      medicineAndMoney: true,
      callOffered: true,
    },
  });
  await act('receiving', id, { step: 'notArrived', notArrived: {} }, reason('not-met'));
  await act('referring', id, { step: 'arrivalChanged', arrivalChanged: {} }, part('arrival'));
  await act('receiving', id, { step: 'arrived', arrived: { codeWordGiven: true } });
  const taken = { firstContactDone: true, planAgreed: true };
  await act('receiving', id, { step: 'caseManagementTaken', caseManagementTaken: taken });
  await act('referring', id, { step: 'caseManagementHanded', caseManagementHanded: {} });
  const report = { step: 'followUpReported', followUpReported: { milestone: 'days-7' } } as const;
  await act('receiving', id, report, part('report'));
  await act(
    'receiving',
    id,
    { step: 'planRevised', planRevised: { personAgreed: true } },
    part('plan'),
  );
  await act(
    'receiving',
    id,
    { step: 'completed', completed: { personView: 'heard' } },
    reason('goals-met'),
  );
  await open(id);

  const declined = await request();
  await act('receiving', declined, { step: 'declined', declined: {} }, reason('other'));
  const cancelled = await request();
  const cancel = { step: 'cancellationRequested', cancellationRequested: {} } as const;
  await act('referring', cancelled, cancel, reason('person-changed-mind'));
  await act('receiving', cancelled, { step: 'cancellationConfirmed', cancellationConfirmed: {} });
  const ended = await request();
  await act('receiving', ended, withdrawal({ whole: false, sections: ['note'] }));
  await act('referring', ended, withdrawal());
  await failEverywhere(ended);
  return story;

  /** Everything that one may read at the receiving side is read there. */
  async function open(referralId: string): Promise<void> {
    const client = nodes.receiving.client();
    const { sections } = await client.getReferral({ referralId });
    for (const { section, state } of sections) {
      if (state !== 'readable') continue;
      const { content } = await client.openSection({ referralId, section });
      if (content.length === 0) throw new Error(`section ${section} is empty`);
    }
    const home = nodes.referring.client();
    await home.exportReferral({ referralId });
    const { localCode } = caseFile;
    await home.makeCopy({ localCode, toGuardian: false, withExploitation: true });
    const named = { nameOrganisations: true, nameSections: true };
    await home.printReceipt({ localCode, recipients: [], ...named });
  }

  /** With canaries in whatever is wrong. */
  async function failEverywhere(referralId: string): Promise<void> {
    const word = canaries.words[0] ?? '';
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const at = nodes.referring.client();
    const there = nodes.receiving.client();
    const same = { requestId: uuid4(), referralId, grants: [] };
    const body = { step: 'safetyNotice', safetyNotice: {} } as const;
    const broken = {
      ...caseFile,
      sections: { ...caseFile.sections, identity: { [word]: word, legalName: [word] } },
    };
    const tries: Promise<unknown>[] = [
      at.importCase({ caseFile: text(broken) }),
      at.importCase({ caseFile: text({ ...caseFile, localCode: `${word} ${word}` }) }),
      at.importCase({ caseFile: new TextEncoder().encode(`{"${word}": ${word}`) }),
      at.getCase({ localCode: word, withContent: true }),
      at.makeCopy({ localCode: word, toGuardian: true, withExploitation: true }),
      at.getReferral({ referralId: word }),
      at.listReferrals({ limit: 10, cursor: word, since: 0 }),
      at.act({ ...same, body, sections: [{ section: 'health', content: text({ urgent: word }) }] }),
      at.act({ ...same, body, sections: [{ section: 'health', content: Buffer.from(word) }] }),
      at.act({ ...same, body, sections: [part('health')] }),
      at.addStaff({ staffId: word, role: 'caseworker' }),
      at.removeStaff({ staffId: word }),
      at.requestReferral({
        ...same,
        localCode: caseFile.localCode,
        recipient: word,
        continuesReferralId: '',
      }),
      there.openSection({ referralId, section: 'health' }),
      there.openSection({ referralId, section: 'minimum' }),
    ];
    for (const result of await Promise.allSettled(tries)) {
      if (result.status === 'fulfilled') throw new Error('something wrong was taken');
      story.errors.push(allOf(result.reason));
    }
  }
}

/** The error and its causes, with every property of each. */
function allOf(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    texts.push(
      cause.message,
      cause.stack ?? '',
      JSON.stringify(cause, Object.getOwnPropertyNames(cause)),
    );
    const { metadata } = cause as { metadata?: { getMap(): Record<string, unknown> } };
    if (metadata) texts.push(...Object.values(metadata.getMap()).map(String));
  }
  return texts.join('\n');
}
