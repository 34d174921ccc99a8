// Every act that a person may take with a verb of its own, in the order in which
// a referral comes by them.
import {
  MEETING_WISHES,
  MILESTONES,
  PACKAGE_FAULTS,
  PERSON_VIEWS,
  SECTIONS,
} from '#model/codes.ts';
import { limits } from '#model/limits.ts';
import type { StepBody, StepName } from '#model/message.ts';
import type { StepWithReason } from '#model/plan/reason.ts';

import {
  type ActVerb,
  bodyOf,
  givenSections,
  type Making,
  NOTE_OPTION,
  newestOfPartner,
  reasonOf,
  reasonOption,
  SECTION_OPTION,
  sectionOf,
} from './act.ts';
import { readNote, readSection } from './section-file.ts';
import { isoTime } from './text.ts';
import { readDate, readTime } from './times.ts';
import { UsageError } from './usage-error.ts';

const SEQ_MAX = limits.messagesPerChainMax;

export const ACTS: readonly ActVerb[] = [
  {
    name: 'confirm',
    step: 'receiptConfirmed',
    by: 'receiving',
    summary: 'confirms the receipt and names the key contact and an alternate',
    example: '--workers workers.yaml',
    options: { workers: { value: 'FILE', help: 'section workers: two people, phones, hours' } },
    make: async (making) => ({
      body: bodyOf('receiptConfirmed', {}),
      sections: [await sectionOf(making, 'workers')],
    }),
  },
  {
    name: 'assess',
    step: 'riskAssessed',
    by: 'either',
    summary: 'sends an assessment of the risk; it answers the newest one of the partner',
    example: '--risk risk.yaml --assessed-on now',
    options: {
      risk: { value: 'FILE', help: 'section risk' },
      'assessed-on': { value: 'TIME', help: 'when, if not as the file says' },
      answers: { value: 'SEQ', help: 'number of the assessment that it answers; 0 for none' },
    },
    make: assess,
  },
  {
    name: 'ask',
    step: 'clarificationAsked',
    by: 'receiving',
    summary: 'asks about one section',
    example: '--about minimum --note question.txt',
    options: {
      about: { value: 'SECTION', help: 'what the question is about', choices: SECTIONS },
      ...NOTE_OPTION,
    },
    make: async ({ flags, io }) => ({
      body: bodyOf('clarificationAsked', {
        about: SECTIONS.find((name) => name === flags.required('about')) ?? 'note',
      }),
      sections: [await readNote(io, flags.required('note'))],
    }),
  },
  {
    name: 'answer',
    step: 'clarificationGiven',
    by: 'referring',
    summary: 'answers a question, inside what the person agreed to',
    example: '--note answer.txt',
    options: {
      question: { value: 'SEQ', help: 'number of the question (the newest)' },
      ...NOTE_OPTION,
      ...SECTION_OPTION,
    },
    make: answer,
  },
  {
    name: 'accept',
    step: 'accepted',
    by: 'receiving',
    summary: 'accepts, service by service; a second person agrees by a token of their own',
    example: '--offer offer.yaml --with second.token',
    options: { offer: { value: 'FILE', help: 'section offer: one answer for each service' } },
    make: async (making) => ({
      // The node states it, once the second token is another person's.
      body: bodyOf('accepted', { secondPerson: true }),
      sections: [await sectionOf(making, 'offer')],
    }),
  },
  withReason('decline', 'declined', {
    by: 'receiving',
    summary: 'declines, with a reason',
    example: '--reason no-capacity',
    severe: 'A declined referral stays declined; the person needs other help.',
  }),
  {
    name: 'confirm-package',
    step: 'packageReceived',
    by: 'receiving',
    summary: 'confirms that the package is whole and readable',
    example: '',
    options: { package: { value: 'SEQ', help: 'number of the package (the newest)' } },
    make: async (making) => ({
      body: bodyOf('packageReceived', { packageSeq: await packageSeq(making) }),
      sections: [],
    }),
  },
  {
    name: 'refuse-package',
    step: 'packageRefused',
    by: 'receiving',
    summary: 'says that the package cannot be used; the partner releases it again',
    example: '--fault missing-mandatory-section',
    options: {
      package: { value: 'SEQ', help: 'number of the package (the newest)' },
      fault: { value: 'CODE', help: 'what is wrong with it', choices: PACKAGE_FAULTS },
    },
    make: async (making) => ({
      body: bodyOf('packageRefused', {
        packageSeq: await packageSeq(making),
        fault: making.flags.required('fault') as StepBody<'packageRefused'>['fault'],
      }),
      sections: [],
    }),
  },
  {
    name: 'notify',
    step: 'safetyNotice',
    by: 'either',
    summary: 'tells the partner of a new danger; acknowledged within 4 hours',
    example: '--section danger=danger.yaml',
    options: { ...NOTE_OPTION, ...SECTION_OPTION },
    make: async (making) => {
      const sections = await givenSections(making);
      if (sections.length === 0) throw new UsageError('--section or --note is needed.');
      return { body: bodyOf('safetyNotice', {}), sections };
    },
  },
  {
    name: 'correct',
    step: 'sectionCorrected',
    by: 'either',
    summary: 'sends a new version of one section',
    example: '--section contact=contact.yaml',
    options: SECTION_OPTION,
    make: async (making) => {
      const sections = await givenSections(making);
      const [only, ...more] = sections;
      if (!only || more.length > 0) throw new UsageError('--section is needed, exactly once.');
      return { body: bodyOf('sectionCorrected', { corrects: only.section }), sections };
    },
  },
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
  withReason('not-arrived', 'notArrived', {
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
  plain('hand', 'caseManagementHanded', 'referring', 'hands over the case management'),
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
  {
    name: 'hold',
    step: 'held',
    by: 'either',
    summary: 'puts the referral on hold',
    example: '--reason awaiting-documents --review-at 2027-01-20',
    options: {
      ...reasonOption('held'),
      'review-at': { value: 'DATE', help: 'when it is looked at again' },
    },
    make: async (making) => ({
      body: bodyOf('held', {
        reviewAt: readDate('review-at', making.flags.required('review-at')),
      }),
      sections: [reasonOf(making)],
    }),
  },
  plain('resume', 'resumed', 'either', 'lifts the own hold'),
  withReason('cancel', 'cancellationRequested', {
    by: 'referring',
    summary: 'asks the partner to stop',
    example: '--reason person-changed-mind',
    severe: 'The partner is asked to stop the referral.',
  }),
  plain('confirm-cancellation', 'cancellationConfirmed', 'receiving', 'agrees to stop'),
  {
    name: 'withdraw',
    step: 'consentWithdrawn',
    by: 'either',
    summary: "the person's no, to all or some sections; it counts at once",
    example: '--all --meeting-wish not-asked',
    options: {
      all: { help: 'everything' },
      sections: { value: 'NAMES', help: 'only these, such as health,legal' },
      'stop-reports': { help: 'no follow-up any more' },
      'delete-sent': { help: 'what was sent is to be deleted' },
      'end-services': { help: 'the services end too' },
      'meeting-wish': {
        value: 'CODE',
        help: 'does the person still want to be met (not-asked)',
        choices: MEETING_WISHES,
      },
    },
    severe: 'The sections close at both organisations at once.',
    make: async ({ flags }) => ({
      body: bodyOf('consentWithdrawn', {
        ...withdrawn(flags.isSet('all'), flags.text('sections')),
        stopReports: flags.isSet('stop-reports'),
        deleteSent: flags.isSet('delete-sent'),
        endServices: flags.isSet('end-services'),
        meetingWish: (flags.text('meeting-wish') ??
          'not-asked') as StepBody<'consentWithdrawn'>['meetingWish'],
      }),
      sections: [],
    }),
  },
  {
    name: 'complete',
    step: 'completed',
    by: 'receiving',
    summary: 'says that the support came to its end',
    example: '--reason goals-met --person-view heard',
    options: {
      ...reasonOption('completed'),
      'person-view': { value: 'CODE', help: "the person's view", choices: PERSON_VIEWS },
    },
    make: async (making) => ({
      body: bodyOf('completed', {
        personView: making.flags.required('person-view') as StepBody<'completed'>['personView'],
      }),
      sections: [reasonOf(making)],
    }),
  },
  withReason('fail', 'failed', {
    by: 'either',
    summary: 'says that the referral cannot be carried out',
    example: '--reason unreachable',
    severe: 'The referral ends here.',
  }),
  plain('expire', 'expired', 'referring', 'ends a request that nobody accepted in time'),
  {
    name: 'mark-error',
    step: 'enteredInError',
    by: 'either',
    summary: 'says that it should never have been sent',
    example: '--wrong-recipient',
    options: { 'wrong-recipient': { help: 'it went to the wrong organisation' } },
    severe: 'The referral ends here, as sent in error.',
    make: async ({ flags }) => ({
      body: bodyOf('enteredInError', { wrongRecipient: flags.isSet('wrong-recipient') }),
      sections: [],
    }),
  },
];

/** Steps that have a call and a verb of their own. */
const OTHER_VERBS: Partial<Record<StepName, string>> = {
  referralRequest: 'request',
  packageReleased: 'release',
};

/** The verb of a step; undefined for one that no person takes here. */
export function verbOfStep(step: string): string | undefined {
  return ACTS.find((act) => act.step === step)?.name ?? OTHER_VERBS[step as StepName];
}

function plain<S extends 'caseManagementHanded' | 'resumed' | 'cancellationConfirmed' | 'expired'>(
  name: string,
  step: S,
  by: ActVerb['by'],
  summary: string,
): ActVerb {
  const make = async () => ({ body: bodyOf(step, {} as StepBody<S>), sections: [] });
  return { name, step, by, summary, example: '', make };
}

function withReason(
  name: string,
  step: Exclude<StepWithReason, 'held' | 'completed'>,
  rest: Pick<ActVerb, 'by' | 'summary' | 'example' | 'severe'>,
): ActVerb {
  return {
    name,
    step,
    ...rest,
    options: reasonOption(step),
    make: async (making) => ({ body: bodyOf(step, {}), sections: [reasonOf(making)] }),
  };
}

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

async function assess(making: Making) {
  const { flags, io } = making;
  const said = flags.text('assessed-on');
  const seconds = said === undefined ? undefined : readTime('assessed-on', said, io.clock);
  const given = seconds === undefined ? {} : { assessedOn: isoTime(seconds) };
  const { input, value } = await readSection(io, 'risk', flags.required('risk'), given);
  const answers = flags.count('answers', SEQ_MAX, 0);
  const answersSeq = answers ?? (await newestOfPartner(making, 'riskAssessed')) ?? 0;
  const assessedAt = Math.floor(Date.parse(value.assessedOn) / 1000);
  return { body: bodyOf('riskAssessed', { assessedAt, answersSeq }), sections: [input] };
}

async function answer(making: Making) {
  const sections = await givenSections(making);
  if (sections.length === 0) throw new UsageError('--note or --section is needed.');
  const asked = making.flags.count('question', SEQ_MAX);
  const answersSeq = asked ?? (await newestOfPartner(making, 'clarificationAsked'));
  if (answersSeq === undefined) throw new UsageError('The partner asked nothing yet.');
  return { body: bodyOf('clarificationGiven', { answersSeq }), sections };
}

async function packageSeq(making: Making): Promise<number> {
  const named = making.flags.count('package', SEQ_MAX);
  const seq = named ?? (await newestOfPartner(making, 'packageReleased'));
  if (seq === undefined) throw new UsageError('The partner released no package yet.');
  return seq;
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

function withdrawn(
  whole: boolean,
  names: string | undefined,
): Pick<StepBody<'consentWithdrawn'>, 'whole' | 'sections'> {
  if (whole === (names !== undefined)) {
    throw new UsageError('Either --all or --sections NAMES is needed.');
  }
  const sections = (names?.split(',') ?? []).map((text) => {
    const name = SECTIONS.find((one) => one === text.trim());
    if (name) return name;
    throw new UsageError(`--sections: write names such as ${SECTIONS.slice(1, 4).join(',')}.`);
  });
  return { whole, sections };
}
