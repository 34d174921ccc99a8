// Acts of the way home and of the care there.
import { MILESTONES } from '#model/codes.ts';
import { type StepBody } from '#model/message.ts';
import { type ActVerb, bodyOf, type Making, plainAct, reasonAct, sectionOf } from './act.ts';
import { readTime } from './times.ts';

export const TRAVELLING_ACTS: readonly ActVerb[] = [
  arrival('plan-arrival', 'arrivalPlanned', 'plans the arrival: the meeting, or the travel'),
  arrival('change-arrival', 'arrivalChanged', 'changes the plan of the arrival'),
  {
    name: 'depart',
    step: 'departed',
    by: 'referring',
    summary: 'says that the person is on the way; every fact at most 72 hours old',
    example:
      '--travel-agreed-at 2027-01-14T06:00:00Z --referring-risk-read-at 24h --receiving-risk-read-at 24h --medicine-and-money --call-offered',
    options: {
      'travel-agreed-at': { value: 'TIME', help: 'when the person said yes to travel' },
      'referring-risk-read-at': { value: 'TIME', help: 'when we read the risk again' },
      'receiving-risk-read-at': { value: 'TIME', help: 'when the partner did' },
      'medicine-and-money': { help: 'for 14 days, with the person' },
      'call-offered': { help: 'with the one who will meet the person' },
    },
    make: async (making) => ({ body: bodyOf('departed', departure(making)), sections: [] }),
  },
  {
    name: 'arrived',
    step: 'arrived',
    by: 'receiving',
    summary: 'says that the person is met, and gave the code word',
    example: '--code-word-given',
    options: { 'code-word-given': { help: 'the code word was given and fits' } },
    make: async ({ flags }) => ({
      body: bodyOf('arrived', { codeWordGiven: flags.isSet('code-word-given') }),
      sections: [],
    }),
  },
  reasonAct('not-arrived', 'notArrived', {
    by: 'either',
    summary: 'says that the person is not there: the agreed safety steps begin',
    example: '--reason not-met',
  }),
  {
    name: 'take',
    step: 'caseManagementTaken',
    by: 'receiving',
    summary: 'takes over the case management',
    example: '--first-contact-done --plan-agreed',
    options: {
      'first-contact-done': { help: 'with the person' },
      'plan-agreed': { help: 'with the person' },
    },
    make: async ({ flags }) => ({
      body: bodyOf('caseManagementTaken', {
        firstContactDone: flags.isSet('first-contact-done'),
        planAgreed: flags.isSet('plan-agreed'),
      }),
      sections: [],
    }),
  },
  plainAct('hand', 'caseManagementHanded', 'referring', 'hands over the case management'),
  {
    name: 'report',
    step: 'followUpReported',
    by: 'receiving',
    summary: 'reports a follow-up; only what the person agreed to',
    example: '--milestone hours-24 --report report.yaml',
    options: {
      milestone: { value: 'CODE', help: 'which one', choices: MILESTONES },
      report: { value: 'FILE', help: 'section report' },
    },
    make: async (making) => ({
      body: bodyOf('followUpReported', {
        milestone: making.flags.required('milestone') as StepBody<'followUpReported'>['milestone'],
      }),
      sections: [await sectionOf(making, 'report')],
    }),
  },
  {
    name: 'revise-plan',
    step: 'planRevised',
    by: 'receiving',
    summary: 'sends a new plan that the person agreed to',
    example: '--plan plan.yaml --person-agreed',
    options: {
      plan: { value: 'FILE', help: 'section plan' },
      'person-agreed': { help: 'to this plan' },
    },
    make: async (making) => ({
      body: bodyOf('planRevised', { personAgreed: making.flags.isSet('person-agreed') }),
      sections: [await sectionOf(making, 'plan')],
    }),
  },
];

function arrival(
  name: string,
  step: 'arrivalPlanned' | 'arrivalChanged',
  summary: string,
): ActVerb {
  return {
    name,
    step,
    by: 'either',
    summary,
    example: '--arrival arrival.yaml',
    options: { arrival: { value: 'FILE', help: 'section arrival' } },
    make: async (making) => ({
      body: bodyOf(step, {}),
      sections: [await sectionOf(making, 'arrival')],
    }),
  };
}

function departure({ flags, io }: Making): StepBody<'departed'> {
  const time = (name: string) => readTime(name, flags.required(name), io.clock);
  return {
    travelAgreedAt: time('travel-agreed-at'),
    referringRiskReadAt: time('referring-risk-read-at'),
    receivingRiskReadAt: time('receiving-risk-read-at'),
    medicineAndMoney: flags.isSet('medicine-and-money'),
    callOffered: flags.isSet('call-offered'),
  };
}
