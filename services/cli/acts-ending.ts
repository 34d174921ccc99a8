// Acts that pause, stop or end a referral.
import { MEETING_WISHES, PERSON_VIEWS, SECTIONS } from '#model/codes.ts';
import { type StepBody } from '#model/message.ts';
import { type ActVerb, bodyOf, plainAct, reasonAct, reasonOf, reasonOption } from './act.ts';
import { readDate } from './times.ts';
import { UsageError } from './usage-error.ts';

export const ENDING_ACTS: readonly ActVerb[] = [
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
  plainAct('resume', 'resumed', 'either', 'lifts the own hold'),
  reasonAct('cancel', 'cancellationRequested', {
    by: 'referring',
    summary: 'asks the partner to stop',
    example: '--reason person-changed-mind',
    severe: 'The partner is asked to stop the referral.',
  }),
  plainAct('confirm-cancellation', 'cancellationConfirmed', 'receiving', 'agrees to stop'),
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
  reasonAct('fail', 'failed', {
    by: 'either',
    summary: 'says that the referral cannot be carried out',
    example: '--reason unreachable',
    severe: 'The referral ends here.',
  }),
  plainAct('expire', 'expired', 'referring', 'ends a request that nobody accepted in time'),
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
