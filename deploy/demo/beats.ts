// The beats of the story: who does what on which day, what a person would tell
// of it, and the call that does it.
import { uuid4 } from '#crypto/digest.ts';
import type { CaseFile } from '#model/case-file.ts';
import type { Status } from '#model/crossing.ts';
import type { Body, StepName } from '#model/message.ts';
import { needsSecondPerson } from '#model/plan/minimum.ts';
import type { Side } from '#model/track.ts';
import type { CaseworkClient } from '#wire/contracts/casework.ts';
import * as contents from './contents.ts';
import { ORGANISATIONS } from './federation.ts';

/** Who acts, when, on what. */
export type Moment = {
  own: CaseworkClient;
  localCode: string;
  caseFile: CaseFile;
  firstDayMs: number;
  nowMs: number;
  referralId: string;
};

type Taken = {
  outcome: { referralId: string; messageId: string; seq: number; status: Status };
  written?: contents.SectionInput[];
};

export type Beat = {
  side: Side;
  step: StepName;
  title: string;
  words: string | ((writing: contents.Writing) => string);
  /** Day of the story, from 1, and the time of that day, UTC. */
  day: number;
  time: string;
  people: 1 | 2;
  /** Sends parts of the case file. */
  sendsCase?: true;
  act: (moment: Moment) => Promise<Taken>;
};

/** When a beat is, in a story whose first day begins at `firstDayMs`. */
export function momentMs({ day, time }: Pick<Beat, 'day' | 'time'>, firstDayMs: number): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  return firstDayMs + ((day - 1) * 24 + hour) * 3_600_000 + minute * 60_000;
}

/** For a case of high risk or of a child two people send the request. */
export function beats(caseFile?: CaseFile): Beat[] {
  const asksTwo = caseFile !== undefined && needsSecondPerson(caseFile.sections.minimum);
  return [...asking(asksTwo ? 2 : 1), ...planning(), ...arriving()];
}

const ARRIVAL = { day: 8, time: '18:10' } as const;

type Writes = contents.SectionInput[];

/** A step by the call that takes most of them. */
function act(
  make: Body | ((moment: Moment) => Body),
  write: (moment: Moment) => Writes = () => [],
): Beat['act'] {
  return async (moment) => {
    const { own, referralId } = moment;
    const body = typeof make === 'function' ? make(moment) : make;
    const sections = write(moment);
    const request = { requestId: uuid4(), referralId, body, sections, grants: [] };
    return { ...(await own.act(request)), written: sections };
  };
}

function asking(people: 1 | 2): Beat[] {
  return [
    {
      side: 'referring',
      step: 'referralRequest',
      title: 'Request',
      words:
        'Asks for help for somebody who wants to go home. Sends the minimum and nothing else: which services, how soon, which language. No name, no story.',
      day: 1,
      time: '09:20',
      people,
      sendsCase: true,
      act: ({ own, localCode }) =>
        own.requestReferral({
          requestId: uuid4(),
          localCode,
          recipient: ORGANISATIONS.receiving.organisation,
          continuesReferralId: '',
        }),
    },
    {
      side: 'receiving',
      step: 'receiptConfirmed',
      title: 'Receipt confirmed',
      words: 'Has the request. Names a key contact and an alternate who can be called.',
      day: 1,
      time: '11:05',
      people: 1,
      act: act({ step: 'receiptConfirmed', receiptConfirmed: {} }, () => [contents.workers()]),
    },
    {
      side: 'receiving',
      step: 'clarificationAsked',
      title: 'Question',
      words: 'Asks one thing: would a flat shared with others be a good place at first?',
      day: 2,
      time: '09:40',
      people: 1,
      act: act({ step: 'clarificationAsked', clarificationAsked: { about: 'minimum' } }, () => [
        contents.note('Would a flat shared with others be a good place for the first weeks?'),
      ]),
    },
    {
      side: 'referring',
      step: 'clarificationGiven',
      title: 'Answer',
      words: 'Talks with her, and answers inside what she agreed to.',
      day: 2,
      time: '14:10',
      people: 1,
      act: act({ step: 'clarificationGiven', clarificationGiven: { answersSeq: 2 } }, () => [
        contents.note('Yes, gladly, if the door of the room can be locked.'),
      ]),
    },
    {
      side: 'referring',
      step: 'riskAssessed',
      title: 'Risk assessed',
      words: 'Sends its assessment of the risk: kinds of danger and what helps. No names.',
      day: 2,
      time: '15:30',
      people: 1,
      act: act(
        ({ nowMs }) => ({
          step: 'riskAssessed',
          riskAssessed: { assessedAt: nowMs / 1000, answersSeq: 0 },
        }),
        (moment) => [contents.risk('referring', moment)],
      ),
    },
    {
      side: 'receiving',
      step: 'riskAssessed',
      title: 'Risk assessed',
      words: 'Reads it and answers with its own. Both now look at one picture.',
      day: 3,
      time: '10:15',
      people: 1,
      act: act(
        ({ nowMs }) => ({
          step: 'riskAssessed',
          riskAssessed: { assessedAt: nowMs / 1000, answersSeq: 3 },
        }),
        (moment) => [contents.risk('receiving', moment)],
      ),
    },
    {
      side: 'receiving',
      step: 'accepted',
      title: 'Accepted',
      words: (writing) => `Accepts, service by service: ${countAnswers(writing)}.`,
      day: 3,
      time: '14:40',
      people: 2,
      act: act({ step: 'accepted', accepted: { secondPerson: true } }, (moment) => [
        contents.offer(moment),
      ]),
    },
  ];
}

function countAnswers(writing: contents.Writing): string {
  const given = contents.answers(writing).map(({ answer }) => answer);
  const count = (wanted: string) => given.filter((answer) => answer === wanted).length;
  const parts = [
    [count('offered'), 'offered'],
    [count('partly'), 'in part'],
    [count('waitlist'), 'on a waiting list'],
    [count('not-offered'), 'not offered'],
  ] as const;
  return parts
    .filter(([n]) => n > 0)
    .map(([n, said]) => `${n} ${said}`)
    .join(', ');
}

function planning(): Beat[] {
  const plansArrival = act({ step: 'arrivalPlanned', arrivalPlanned: {} }, (moment) => [
    contents.arrival(moment, momentMs(ARRIVAL, moment.firstDayMs)),
  ]);
  return [
    {
      side: 'referring',
      step: 'packageReleased',
      title: 'Package released',
      words:
        'Asks her again, now that the answer is known. She says yes. Releases the sections that she agreed to, and no other.',
      day: 4,
      time: '13:00',
      people: 2,
      sendsCase: true,
      act: ({ own, referralId, nowMs }) => {
        const reconfirmedAt = nowMs / 1000 - 3600;
        return own.releasePackage({ requestId: uuid4(), referralId, reconfirmedAt });
      },
    },
    {
      side: 'receiving',
      step: 'packageReceived',
      title: 'Package received',
      words: 'Has read the package: it is whole.',
      day: 4,
      time: '14:20',
      people: 1,
      act: act({ step: 'packageReceived', packageReceived: { packageSeq: 4 } }),
    },
    {
      side: 'receiving',
      step: 'arrivalPlanned',
      title: 'Arrival planned',
      words:
        'Plans the meeting: where, when, by whom, with which code word, and what happens if she is not there.',
      day: 5,
      time: '10:00',
      people: 1,
      act: plansArrival,
    },
    {
      side: 'referring',
      step: 'arrivalPlanned',
      title: 'Arrival planned',
      words: 'Plans the travel to that meeting.',
      day: 5,
      time: '13:30',
      people: 1,
      act: plansArrival,
    },
    {
      side: 'referring',
      step: 'departed',
      title: 'Departed',
      words:
        'She is on her way. She said yes to the journey, both sides read the risk again, and she has medicine and money for 14 days.',
      day: 8,
      time: '11:00',
      people: 1,
      act: act(({ nowMs }) => ({
        step: 'departed',
        departed: {
          travelAgreedAt: nowMs / 1000 - 20 * 3600,
          referringRiskReadAt: nowMs / 1000 - 3600,
          receivingRiskReadAt: nowMs / 1000 - 7200,
          medicineAndMoney: true,
          callOffered: true,
        },
      })),
    },
  ];
}

function arriving(): Beat[] {
  const followUp = (milestone: 'days-14' | 'months-3') =>
    act({ step: 'followUpReported', followUpReported: { milestone } }, (moment) => [
      contents.report(moment),
    ]);
  return [
    {
      side: 'receiving',
      step: 'arrived',
      title: 'Arrived',
      words: 'She is met, and the code word fits.',
      ...ARRIVAL,
      people: 1,
      act: act({ step: 'arrived', arrived: { codeWordGiven: true } }),
    },
    {
      side: 'receiving',
      step: 'caseManagementTaken',
      title: 'Case management taken',
      words: 'Made the first contact, agreed on a plan with her, and takes over.',
      day: 10,
      time: '11:00',
      people: 1,
      act: act({
        step: 'caseManagementTaken',
        caseManagementTaken: { firstContactDone: true, planAgreed: true },
      }),
    },
    {
      side: 'referring',
      step: 'caseManagementHanded',
      title: 'Case management handed',
      words: 'Hands over. Only now has the responsibility moved.',
      day: 10,
      time: '13:00',
      people: 1,
      act: act({ step: 'caseManagementHanded', caseManagementHanded: {} }),
    },
    {
      side: 'receiving',
      step: 'followUpReported',
      title: 'Follow-up, 14 days',
      words: 'In contact, and safe. She agreed to this report.',
      day: 22,
      time: '18:30',
      people: 1,
      act: followUp('days-14'),
    },
    {
      side: 'receiving',
      step: 'followUpReported',
      title: 'Follow-up, 3 months',
      words: 'In contact, and safe. She agreed to this one too.',
      day: 100,
      time: '10:30',
      people: 1,
      act: followUp('months-3'),
    },
    {
      side: 'receiving',
      step: 'completed',
      title: 'Completed',
      words:
        'What the referral was for is done. She was asked, and says so too. If she ever needs it, a new referral can take this one up again.',
      day: 102,
      time: '15:00',
      people: 1,
      act: act({ step: 'completed', completed: { personView: 'heard' } }, () => [
        contents.reason('goals-met'),
      ]),
    },
  ];
}

/** Story time from the first day's beginning to the last beat, in milliseconds. */
export function storyLengthMs(): number {
  return Math.max(...beats().map((beat) => momentMs(beat, 0)));
}
