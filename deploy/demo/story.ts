// One referral from the request to the end, as two organisations live it: every
// step by the casework API, as any other system would take it.
import { uuid4 } from '#crypto/digest.ts';
import type { Body, StepName } from '#model/message.ts';
import type { Side } from '#model/track.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import type { StoryClock } from './clock.ts';
import * as contents from './contents.ts';
import { type Federation, ORGANISATIONS } from './federation.ts';

export type Beat = {
  side: Side;
  step: StepName;
  /** What a person would tell of it. */
  words: string;
  /** Hours that pass before it. */
  afterHours: number;
};

export type Told = Beat & {
  /** Story time. */
  atMs: number;
  seq: number;
  messageId: string;
  /** Section names that travelled sealed. */
  sealed: string[];
  receiptVerified: boolean;
  status: string;
  /** How many people did it. */
  people: 1 | 2;
};

export type Story = {
  federation: Federation;
  clock: StoryClock;
  /** UTF-8 JSON of a case file for the referring side. */
  caseFile: Uint8Array;
  localCode: string;
};

type Moment = {
  own: CaseworkClient;
  pair: CaseworkClient;
  story: Story;
  referralId: string;
  now: number;
};

type Act = (moment: Moment) => Promise<{
  outcome: { referralId: string; messageId: string; seq: number; status: string };
}>;

/** Tells the story beat by beat; each is over when its receipt is verified. */
export async function* tell(story: Story): AsyncGenerator<Told, { referralId: string }, void> {
  const { federation, clock } = story;
  await federation.nodes.referring.client().importCase({ caseFile: story.caseFile });
  let referralId = '';
  for (const { act: take, two = false, ...beat } of beats()) {
    if (beat.afterHours > 0) {
      clock.pass(beat.afterHours);
      await federation.catchUp();
    }
    const own = federation.nodes[beat.side].client();
    const pair = federation.nodes[beat.side].client({ second: true });
    const now = Math.floor(clock.now() / 1000);
    const { outcome } = await take({ own, pair, story, referralId, now });
    referralId = outcome.referralId;
    const line = await receiptOf(own, referralId, outcome.messageId);
    yield {
      ...beat,
      atMs: now * 1000,
      seq: outcome.seq,
      messageId: outcome.messageId,
      sealed: line.sections,
      receiptVerified: line.receivedAt > 0,
      status: outcome.status,
      people: two ? 2 : 1,
    };
  }
  return { referralId };
}

const WAIT_MS = 20_000;

async function receiptOf(client: CaseworkClient, referralId: string, messageId: string) {
  for (const endMs = Date.now() + WAIT_MS; ; ) {
    const { timeline } = await client.getReferral({ referralId });
    const line = timeline.find((entry) => entry.messageId === messageId);
    if (line && (line.receivedAt > 0 || Date.now() > endMs)) return line;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function act(body: Body, sections: contents.SectionInput[] = []): Act {
  return ({ own, referralId }) =>
    own.act({ requestId: uuid4(), referralId, body, sections, grants: [] });
}

/** A step whose body or sections need the moment. */
function later(make: (moment: Moment) => { body: Body; sections?: contents.SectionInput[] }): Act {
  return (moment) => {
    const { body, sections = [] } = make(moment);
    return act(body, sections)(moment);
  };
}

function beats(): (Beat & { act: Act; two?: boolean })[] {
  return [...asking(), ...planning(), ...arriving()];
}

function asking(): (Beat & { act: Act; two?: boolean })[] {
  return [
    {
      side: 'referring',
      step: 'referralRequest',
      words: 'asks for help on her return; sends the minimum and nothing else',
      afterHours: 0,
      act: ({ own, story }) =>
        own.requestReferral({
          requestId: uuid4(),
          localCode: story.localCode,
          recipient: ORGANISATIONS.receiving.organisation,
          continuesReferralId: '',
        }),
    },
    {
      side: 'receiving',
      step: 'receiptConfirmed',
      words: 'has it; names a key contact and an alternate',
      afterHours: 3,
      act: act({ step: 'receiptConfirmed', receiptConfirmed: {} }, [contents.workers()]),
    },
    {
      side: 'receiving',
      step: 'clarificationAsked',
      words: 'asks: is a place with other women enough?',
      afterHours: 18,
      act: act({ step: 'clarificationAsked', clarificationAsked: { about: 'minimum' } }, [
        contents.note('Is a shared flat with other women a good place for the first weeks?'),
      ]),
    },
    {
      side: 'referring',
      step: 'clarificationGiven',
      words: 'answers, inside what she agreed to',
      afterHours: 5,
      act: act({ step: 'clarificationGiven', clarificationGiven: { answersSeq: 2 } }, [
        contents.note('Yes, she would like that, if her door can be locked.'),
      ]),
    },
    {
      side: 'referring',
      step: 'riskAssessed',
      words: 'shares its assessment of risk, without names',
      afterHours: 1,
      act: later(({ now, story }) => ({
        body: { step: 'riskAssessed', riskAssessed: { assessedAt: now, answersSeq: 0 } },
        sections: [contents.risk('referring', story.clock)],
      })),
    },
    {
      side: 'receiving',
      step: 'riskAssessed',
      words: 'reads it and answers with its own: one joint picture',
      afterHours: 20,
      act: later(({ now, story }) => ({
        body: { step: 'riskAssessed', riskAssessed: { assessedAt: now, answersSeq: 3 } },
        sections: [contents.risk('receiving', story.clock)],
      })),
    },
    {
      side: 'receiving',
      step: 'accepted',
      words: 'accepts, service by service; two people decided',
      afterHours: 4,
      two: true,
      act: ({ pair, story, referralId }) =>
        pair.act({
          requestId: uuid4(),
          referralId,
          body: { step: 'accepted', accepted: { secondPerson: true } },
          sections: [contents.offer(story.clock)],
          grants: [],
        }),
    },
  ];
}

function planning(): (Beat & { act: Act; two?: boolean })[] {
  return [
    {
      side: 'referring',
      step: 'packageReleased',
      words: 'hears her yes again, and releases what she agreed to',
      afterHours: 26,
      act: ({ pair, referralId, now }) =>
        pair.releasePackage({ requestId: uuid4(), referralId, reconfirmedAt: now - 60 }),
    },
    {
      side: 'receiving',
      step: 'packageReceived',
      words: 'has the package, whole and readable',
      afterHours: 1,
      act: act({ step: 'packageReceived', packageReceived: { packageSeq: 4 } }),
    },
    {
      side: 'receiving',
      step: 'arrivalPlanned',
      words: 'plans the meeting: who stands where, with which word',
      afterHours: 20,
      act: later(({ story }) => ({
        body: { step: 'arrivalPlanned', arrivalPlanned: {} },
        sections: [contents.arrival(story.clock)],
      })),
    },
    {
      side: 'referring',
      step: 'arrivalPlanned',
      words: 'plans the travel',
      afterHours: 3,
      act: later(({ story }) => ({
        body: { step: 'arrivalPlanned', arrivalPlanned: {} },
        sections: [contents.arrival(story.clock)],
      })),
    },
    {
      side: 'referring',
      step: 'departed',
      words: 'she is on her way: she said yes, both read the risk again',
      afterHours: 5 * 24,
      act: later(({ now }) => ({
        body: {
          step: 'departed',
          departed: {
            travelAgreedAt: now - 20 * 3600,
            referringRiskReadAt: now - 3600,
            receivingRiskReadAt: now - 7200,
            medicineAndMoney: true,
            callOffered: true,
          },
        },
      })),
    },
  ];
}

function arriving(): (Beat & { act: Act; two?: boolean })[] {
  const followUp = (milestone: 'hours-72' | 'days-14') =>
    later(({ story }) => ({
      body: { step: 'followUpReported', followUpReported: { milestone } },
      sections: [contents.report(story.clock)],
    }));
  return [
    {
      side: 'receiving',
      step: 'arrived',
      words: 'she is met; the word fits',
      afterHours: 7,
      act: act({ step: 'arrived', arrived: { codeWordGiven: true } }),
    },
    {
      side: 'receiving',
      step: 'caseManagementTaken',
      words: 'made the first contact, agreed on a plan with her, takes over',
      afterHours: 30,
      act: act({
        step: 'caseManagementTaken',
        caseManagementTaken: { firstContactDone: true, planAgreed: true },
      }),
    },
    {
      side: 'referring',
      step: 'caseManagementHanded',
      words: 'hands over; its number stays hers',
      afterHours: 2,
      act: act({ step: 'caseManagementHanded', caseManagementHanded: {} }),
    },
    {
      side: 'receiving',
      step: 'followUpReported',
      words: 'reports after 72 hours: in contact, safe',
      afterHours: 40,
      act: followUp('hours-72'),
    },
    {
      side: 'receiving',
      step: 'followUpReported',
      words: 'reports after 14 days: in contact, safe',
      afterHours: 11 * 24,
      act: followUp('days-14'),
    },
    {
      side: 'receiving',
      step: 'completed',
      words: 'her goals are met; she was asked, and says so too',
      afterHours: 24,
      act: act({ step: 'completed', completed: { personView: 'heard' } }, [
        contents.reason('goals-met'),
      ]),
    },
  ];
}
